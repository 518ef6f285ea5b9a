from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import OutputError, OzoraError, PolicyError, TrustError
from ozora.media import write_image, write_video
from ozora.trust import audit
from ozora.trust.identity import init
from ozora.trust.ledger import Ledger
from ozora.trust.manifest import read
from ozora.trust.policy import Decision, load_policy
from ozora.trust.publish import Terms, check_prompt, derive, publish
from ozora.trust.review import ReviewQueue
from ozora.trust.settings import TrustSettings
from ozora.trust.watermark import detect
from tests.trust.clips import draw_clip
from tests.trust.records import RECORD, record_of

CLIP = draw_clip(0)


def _write(frames: NDArray[np.uint8], path: Path) -> None:
    write_video(frames, Fraction(12), path)


def _fail(frames: NDArray[np.uint8], path: Path) -> None:
    path.write_bytes(b"half")
    raise OutputError("the disk is full")


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    return Terms(home=tmp_path / "home")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("name", "frames", "files"),
    [
        ("a.mp4", 12, ["a.mp4", "a.mp4.json"]),
        ("a.webm", 12, ["a.webm", "a.webm.c2pa", "a.webm.json"]),
        ("a.png", 1, ["a.png", "a.png.json"]),
        ("%04d.png", 2, ["0001.png", "0002.png", "record.c2pa", "record.json"]),
    ],
)
def test_a_file_is_marked_signed_and_written_down(
    out: Path, terms: Terms, name: str, frames: int, files: list[str]
) -> None:
    given: list[NDArray[np.uint8]] = []

    def keep(marked: NDArray[np.uint8], path: Path) -> None:
        given.append(marked)
        _write(marked, path)

    entry = publish(CLIP[:frames], RECORD, out / name, write=keep, terms=terms)
    assert _names(out) == files
    assert terms.home is not None
    identity = init(terms.home)
    credential = read(out / name, identity.anchor_pem)
    assert credential is not None
    assert credential.state == "trusted"
    assert credential.generation["watermark"] == f"{entry.payload:08x}"
    detection = detect(given[0], identity.watermark_key)
    assert detection is not None
    assert detection.payload == entry.payload
    with Ledger(terms.home) as ledger:
        assert ledger.find_payload(entry.payload) == entry
    assert [line["event"] for line in audit.read(terms.home)] == ["decided", "published"]
    assert audit.check(terms.home).broken_at is None


def test_an_old_file_is_replaced(out: Path, terms: Terms) -> None:
    first = publish(CLIP, RECORD, out / "a.mp4", write=_write, terms=terms)
    second = publish(CLIP, RECORD, out / "a.mp4", write=_write, parents=[out / "a.mp4"], terms=terms)
    assert first.payload != second.payload
    assert _names(out) == ["a.mp4", "a.mp4.json"]


def test_a_parent_that_is_gone_is_an_error(out: Path, terms: Terms) -> None:
    with pytest.raises(TrustError, match="is gone"):
        publish(CLIP, RECORD, out / "a.mp4", write=_write, parents=[out / "no.mp4"], terms=terms)
    assert _names(out) == []


def _break_ledger(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"no database " * 1000)


def _break_log(home: Path) -> None:
    (home / "audit.jsonl").mkdir()


def _break_key(home: Path) -> None:
    (home / "identity" / "leaf.key").write_bytes(b"")


def _break_settings(home: Path) -> None:
    (home / "trust.json").write_text('{"time_authority": "http://127.0.0.1:9/nobody"}')


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "%04d.png"])
@pytest.mark.parametrize("break_it", [_break_ledger, _break_log, _break_key, _break_settings])
def test_nothing_is_published_if_a_step_fails(
    out: Path, terms: Terms, name: str, break_it: Callable[[Path], None]
) -> None:
    assert terms.home is not None
    init(terms.home)
    break_it(terms.home)
    with pytest.raises(TrustError):
        publish(CLIP[:2], RECORD, out / name, write=_write, terms=terms)
    assert _names(out) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_nothing_stays_of_a_file_that_cannot_be_written(out: Path, terms: Terms, name: str) -> None:
    with pytest.raises(OutputError):
        publish(CLIP[:2], RECORD, out / name, write=_fail, terms=terms)
    assert _names(out) == []
    assert terms.home is not None
    with Ledger(terms.home) as ledger:
        assert ledger.count() == 0


def test_a_failure_keeps_the_old_file(out: Path, terms: Terms) -> None:
    publish(CLIP, RECORD, out / "a.mp4", write=_write, terms=terms)
    old = (out / "a.mp4").read_bytes(), (out / "a.mp4.json").read_bytes()
    with pytest.raises(OutputError):
        publish(CLIP[:2], RECORD, out / "a.mp4", write=_fail, terms=terms)
    assert ((out / "a.mp4").read_bytes(), (out / "a.mp4.json").read_bytes()) == old


def test_what_the_policy_refuses_is_not_written(out: Path, terms: Terms) -> None:
    with pytest.raises(PolicyError, match=r"cruelty.*rule gore"):
        publish(CLIP, record_of("a beheading"), out / "a.mp4", write=_write, terms=terms)
    assert _names(out) == []
    with pytest.raises(PolicyError, match="cruelty"):
        check_prompt("a beheading", terms=terms)
    check_prompt("a red ball", terms=terms)


def test_a_person_can_allow_what_was_held(out: Path, terms: Terms) -> None:
    record = record_of("a pikachu")
    assert terms.home is not None
    with pytest.raises(PolicyError, match="waits for review as number 1"):
        publish(CLIP, record, out / "a.mp4", write=_write, terms=terms)
    with ReviewQueue(terms.home) as queue:
        queue.answer(1, "refused", by="ada")
    with pytest.raises(PolicyError, match="refused by ada"):
        publish(CLIP, record, out / "a.mp4", write=_write, terms=terms)
    with ReviewQueue(terms.home) as queue:
        queue.answer(1, "approved", by="ada")
    publish(CLIP, record, out / "a.mp4", write=_write, terms=terms)
    assert (out / "a.mp4").exists()


def test_a_check_of_frames_can_stop_it(out: Path, terms: Terms) -> None:
    assert terms.home is not None
    policy = load_policy(terms.home, TrustSettings())
    refused = Decision(verdict="refuse", rule="frames", reason="a face was seen")
    with pytest.raises(OzoraError, match="a face was seen"):
        stop = replace(policy, frame_check=lambda frames: refused)
        publish(CLIP, RECORD, out / "a.mp4", write=_write, terms=replace(terms, policy=stop))
    assert _names(out) == []


def test_what_is_made_of_a_published_file_is_signed_as_that(out: Path, terms: Terms) -> None:
    assert terms.home is not None
    clip, picture = out / "a.mp4", out / "a.webp"
    entry = publish(CLIP, RECORD, clip, write=_write, terms=terms)
    derive(clip, picture, write=partial(write_image, CLIP[0]), home=terms.home)
    credential = read(picture, init(terms.home).anchor_pem)
    assert credential is not None and credential.state == "trusted"
    assert credential.generation["parents"] == [entry.file_sha256]
    assert credential.generation["watermark"] == f"{entry.payload:08x}"
    assert audit.read(terms.home)[-1]["event"] == "derived"
    assert audit.check(terms.home).broken_at is None


def test_nothing_is_made_of_a_file_that_is_not_as_it_was_published(out: Path, terms: Terms) -> None:
    clip = out / "a.mp4"
    publish(CLIP, RECORD, clip, write=_write, terms=terms)
    clip.write_bytes(clip.read_bytes() + b"x")
    with pytest.raises(TrustError, match="published"):
        derive(clip, out / "a.webp", write=partial(write_image, CLIP[0]), home=terms.home)
    assert _names(out) == ["a.mp4", "a.mp4.json"]
