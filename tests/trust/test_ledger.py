from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.fingerprint import SIZE_BYTES
from ozora.trust.ledger import Ledger

LOOK = bytes(SIZE_BYTES)
OTHER = b"\xff" * SIZE_BYTES


def test_what_is_added_is_found(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new") as ledger:
        entry = ledger.add(payload=2**32 - 1, file_sha256="ab", fingerprint=LOOK, record={"plan": "é"})
        ledger.add(payload=2, file_sha256="cd", fingerprint=OTHER, record={})
    with Ledger(tmp_path / "new") as ledger:
        assert ledger.count() == 2
        assert ledger.find_payload(2**32 - 1) == entry
        assert ledger.find_file("ab") == entry
        assert ledger.find_similar(b"\x01" + LOOK[1:]) == (entry, 1 / 8)
        assert ledger.find_payload(3) is None
        assert ledger.find_file("ef") is None
    assert entry.to_dict()["watermark"] == "ffffffff"


def test_an_empty_ledger_finds_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        assert ledger.find_similar(LOOK) is None
        assert 0 <= ledger.draw_payload() < 2**32


def test_a_number_is_used_once_and_can_be_taken_back(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(payload=1, file_sha256="a", fingerprint=LOOK, record={})
        with pytest.raises(TrustError, match="cannot be used"):
            ledger.add(payload=1, file_sha256="b", fingerprint=LOOK, record={})
        ledger.remove(1)
        assert ledger.count() == 0


def test_two_can_write_at_once(tmp_path: Path) -> None:
    with Ledger(tmp_path) as one, Ledger(tmp_path) as two:
        one.add(payload=1, file_sha256="a", fingerprint=LOOK, record={})
        two.add(payload=2, file_sha256="b", fingerprint=LOOK, record={})
        assert one.count() == two.count() == 2


def test_a_damaged_ledger_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all, whatever its name" * 100)
    with pytest.raises(TrustError, match=r"ledger\.db"):
        Ledger(tmp_path)
