from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.errors import TimeAuthorityError, TrustError
from ozora.trust import audit
from ozora.trust.identity import init
from ozora.trust.ledger import Ledger
from ozora.trust.readiness import prove
from tests.trust.certificates import DAY, NOW, issue
from tests.trust.time_authority import stamping


def test_a_new_home_is_ready_and_nothing_is_left_of_the_proof(tmp_path: Path) -> None:
    home = tmp_path / "home"
    prove(home)
    prove(home)
    with Ledger(home) as ledger:
        assert ledger.count() == 0
    assert audit.read(home) == []
    assert {path.name for path in home.iterdir()} == {"identity", "ledger.db", "review.db", "audit.jsonl"}


def _break_settings(home: Path) -> None:
    (home / "trust.json").write_text('{"prompt": "hash",}')


def _break_rules(home: Path) -> None:
    (home / "trust.json").write_text('{"rules": ["/nowhere/rules.json"]}')


def _break_consents(home: Path) -> None:
    (home / "consents.json").write_text("[")


def _break_ledger(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"no database " * 1000)


def _break_review(home: Path) -> None:
    (home / "review.db").write_bytes(b"no database " * 1000)


def _break_log(home: Path) -> None:
    (home / "audit.jsonl").mkdir()


def _break_key(home: Path) -> None:
    (home / "identity" / "leaf.key").write_bytes(b"")


def _begin_later(home: Path) -> None:
    issue(home, leaf=(NOW + DAY, NOW + 2 * DAY))


def _end_earlier(home: Path) -> None:
    issue(home, authority=(NOW - 2 * DAY, NOW - DAY))


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (_break_settings, r"trust\.json"),
        (_break_rules, "rules"),
        (_break_consents, "consents"),
        (_break_ledger, "ledger"),
        (_break_review, "review"),
        (_break_log, "log"),
        (_break_key, "PEM"),
        (_begin_later, "not yet valid"),
        (_end_earlier, "expired"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, break_it: Callable[[Path], None], says: str) -> None:
    init(tmp_path)
    break_it(tmp_path)
    with pytest.raises(TrustError, match=says):
        prove(tmp_path)


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(TrustError, match="home"):
        prove(tmp_path / "home")


def test_a_time_stamp_service_is_asked_once_a_minute(tmp_path: Path) -> None:
    with stamping(tmp_path / "clock") as authority:
        home = tmp_path / "home"
        home.mkdir()
        (home / "trust.json").write_text(json.dumps({"time_authority": authority.address}))
        authority.answer = "refuse"
        with pytest.raises(TimeAuthorityError):
            prove(home)
        authority.answer = "stamp"
        asked = authority.num_asked
        prove(home)
        prove(home)
        assert authority.num_asked == asked + 1
