from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server import provenance
from ozora.trust.ledger import Entry
from ozora.trust.verify import Verdict
from tests.server.routes.test_videos import png
from tests.trust.records import RECORD

ENTRY = Entry(
    payload=7, published_at="2026-11-23T00:00:00+00:00", file_sha256="f" * 64, fingerprint=b"", record=RECORD.to_dict()
)


def test_only_its_own_key_reads_the_prompt() -> None:
    verdict = Verdict(origin="signed", entry=ENTRY)
    own, other = (provenance.check_of(verdict, own=own, now=1.0)["published"] for own in (True, False))
    assert own["record"]["plan"]["prompts"][0]["text"] == RECORD.plan.prompts[0].text
    assert other["record"]["plan"]["prompts"][0]["text"] is None
    assert own["prompt_sha256"] == other["prompt_sha256"]


def test_no_path_of_this_machine_is_told() -> None:
    record = RECORD.to_dict()
    record["plan"]["conditions"] = [{"kind": "image", "path": "/home/ann/a.png", "sha256": "x", "frame": 0}]
    entry = Entry(payload=7, published_at=ENTRY.published_at, file_sha256="f", fingerprint=b"", record=record)
    said = provenance.check_of(Verdict(origin="signed", entry=entry), own=True, now=1.0)
    assert "/home/ann" not in str(said)
    assert said["published"]["record"]["plan"]["conditions"][0]["sha256"] == "x"


def test_few_files_are_checked_at_once() -> None:
    with provenance._slot("a"), provenance._slot("b"), pytest.raises(RequestError) as refused:
        provenance.check(png(), "c")
    assert refused.value.status == 429
    with provenance._slot("a"):
        with pytest.raises(RequestError):
            provenance.check(png(), "a")
        assert provenance.check(png(), "c").origin == "unknown", "one key does not shut out others"
