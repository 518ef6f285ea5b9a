from __future__ import annotations

import sqlite3
from pathlib import Path

from ozora.trust.ledger_audit import compare_with_log
from ozora.trust.publish import Terms, publish, withdraw
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD

CLIP = draw_clip(0)


def _change(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "ledger.db") as ledger:
        ledger.execute(statement)


def test_a_ledger_that_was_left_alone_agrees(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert compare_with_log(home).ledger == "agrees with the log"
    for name in ("a.mp4", "b.mp4"):
        publish(CLIP, RECORD, tmp_path / name, open=film, terms=Terms(home=home))
    withdraw(tmp_path / "b.mp4", home=home)
    comparison = compare_with_log(home)
    assert (comparison.num_lines, comparison.log, comparison.ledger) == (5, "whole", "agrees with the log")


def test_a_row_that_was_removed_changed_or_put_in_is_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for number in range(3):
        publish(draw_clip(number), RECORD, tmp_path / f"{number}.mp4", open=film, terms=Terms(home=home))
    first = "(SELECT min(payload) FROM published)"
    _change(home, f"UPDATE published SET record = replace(record, 'red', 'blue') WHERE payload = {first}")
    assert compare_with_log(home).ledger.startswith("1 with another record than the log names")
    _change(home, f"UPDATE published SET file_sha256 = 'x' WHERE payload = {first}")
    assert "1 in the ledger but not in the log" in compare_with_log(home).ledger
    _change(home, f"DELETE FROM published WHERE payload = {first}")
    assert compare_with_log(home).ledger.startswith("1 in the log but not in the ledger")
    assert "restore it" in compare_with_log(home).ledger


def test_a_log_that_was_changed_is_said(tmp_path: Path) -> None:
    publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=tmp_path / "home"))
    log = tmp_path / "home" / "audit.jsonl"
    (tmp_path / "home" / "audit.head").write_text("")
    assert "head is damaged" in compare_with_log(tmp_path / "home").log
    log.write_text(log.read_text().replace('"decided"', '"dreamt"'))
    assert compare_with_log(tmp_path / "home").log == "broken at line 1"
