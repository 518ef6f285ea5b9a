from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.audit import FILE, HEAD, HEAD_RESTORED, AuditReport, append, check, prove_writable, read


def _write(home: Path) -> list[str]:
    for number in range(4):
        append(home, "published", {"number": number, "text": "é"})
    return (home / "audit.jsonl").read_text().splitlines()


def test_lines_are_kept_in_order(tmp_path: Path) -> None:
    assert check(tmp_path) == AuditReport(num_lines=0)
    assert read(tmp_path) == []
    _write(tmp_path)
    assert [line["data"]["number"] for line in read(tmp_path)] == [0, 1, 2, 3]
    assert check(tmp_path) == AuditReport(num_lines=4)


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        (lambda lines: [lines[0], lines[1].replace("é", "e"), *lines[2:]], 2),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: lines[:-1], 4),
        (lambda lines: [*lines, lines[-1]], 5),
        (lambda lines: [*lines[:3], "nonsense"], 4),
        (lambda lines: [], 1),
    ],
)
def test_any_change_is_noticed(tmp_path: Path, change: object, broken_at: int) -> None:
    assert callable(change)
    lines = change(_write(tmp_path))
    (tmp_path / "audit.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert check(tmp_path).broken_at == broken_at


def test_a_crash_between_the_line_and_the_head_does_no_harm(tmp_path: Path) -> None:
    _write(tmp_path)
    head = (tmp_path / "audit.head").read_text()
    append(tmp_path, "published", {})
    (tmp_path / "audit.head").write_text(head)
    assert check(tmp_path) == AuditReport(num_lines=5)
    append(tmp_path, "published", {})
    assert check(tmp_path) == AuditReport(num_lines=6)


def test_a_line_that_was_not_finished_is_dropped(tmp_path: Path) -> None:
    _write(tmp_path)
    with (tmp_path / "audit.jsonl").open("a") as log:
        log.write('{"number": 5, "at"')
    append(tmp_path, "published", {})
    assert check(tmp_path) == AuditReport(num_lines=5)


ENDLESS = """
import itertools, sys
from pathlib import Path
from ozora.trust.audit import append
for number in itertools.count():
    append(Path(sys.argv[1]), "published", {"number": number, "text": "long" * 2000})
"""


def test_a_killed_process_leaves_a_whole_log(tmp_path: Path) -> None:
    for after_s in (0.3, 0.4, 0.45, 0.5):
        process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(tmp_path)])
        time.sleep(after_s)
        process.kill()
        process.wait()
        append(tmp_path, "published", {})
        assert check(tmp_path).broken_at is None
    assert check(tmp_path).num_lines > 50


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(TrustError, match="cannot be written"):
        append(tmp_path, "published", {})


@pytest.mark.parametrize("torn", ["", "3", "2 abc", "\0\0\0\0", "2 " + "0" * 30])
def test_a_torn_head_is_made_again_and_that_is_said(tmp_path: Path, torn: str) -> None:
    for number in range(2):
        append(tmp_path, "published", {"file": number})
    (tmp_path / HEAD).write_text(torn)
    assert check(tmp_path) == AuditReport(num_lines=2, is_head_damaged=True)
    append(tmp_path, "published", {"file": 2})
    assert check(tmp_path) == AuditReport(num_lines=4)
    assert [line["event"] for line in read(tmp_path)] == ["published", "published", HEAD_RESTORED, "published"]


def test_a_torn_head_of_a_damaged_log_is_an_error(tmp_path: Path) -> None:
    for number in range(3):
        append(tmp_path, "published", {"file": number})
    lines = (tmp_path / FILE).read_text().splitlines(keepends=True)
    (tmp_path / FILE).write_text(lines[0] + lines[2])
    (tmp_path / HEAD).write_text("")
    with pytest.raises(TrustError, match="line 2"):
        append(tmp_path, "published", {})
    with pytest.raises(TrustError, match="line 2"):
        prove_writable(tmp_path)


def test_lines_hold_any_text(tmp_path: Path) -> None:
    for text in ("a\u2028b\x85c", "half \ud83d", "a\r\nb"):
        append(tmp_path, "answered", {"by": text})
    assert check(tmp_path) == AuditReport(num_lines=3)
    assert [line["data"]["by"] for line in read(tmp_path)] == ["a\u2028b\x85c", "half \ud83d", "a\r\nb"]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        append(tmp_path / "home", "published", {})
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "home", *(tmp_path / "home").iterdir()]}
    assert modes == {"home": 0o700, FILE: 0o600, HEAD: 0o600}
