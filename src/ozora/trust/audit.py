"""The audit log: what was decided and published, line by line, each line holding the hash of the one before.

A line that is changed, removed or put in breaks the chain at its place. The number and hash of the last line stand in
a second file, so that a log which was cut off is noticed too.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ozora.errors import TrustError
from ozora.trust.home import make_private, open_home, write_whole

FILE = "audit.jsonl"
HEAD = "audit.head"
HEAD_RESTORED = "head restored"
"""The event of a line that says: the head was damaged, and was made again from the lines before this one."""
_FIRST = "0" * 64
_LONGEST_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """``num_lines`` lines are as they were written; ``broken_at`` is the first that is not, from 1. With a damaged head
    it is not known whether lines are missing at the end; the next line that is written makes the head again."""

    num_lines: int
    broken_at: int | None = None
    is_head_damaged: bool = False


def append(home: Path, event: str, data: dict[str, Any]) -> None:
    """Add a line, now. Processes wait for each other. ``TrustError`` when it cannot be written."""
    with _locked(home) as log:
        is_lost = _read_head(home) is None
        end = _find_end(home, log)
        if is_lost:  # said in the log itself: whoever cuts the log could empty the head as well
            end = _write_line(home, log, end, HEAD_RESTORED, {"lines": end[0]})
        _write_line(home, log, end, event, data)


def _write_line(home: Path, log: BinaryIO, end: tuple[int, str], event: str, data: dict[str, Any]) -> tuple[int, str]:
    """Write a line behind ``end`` (number and hash of the last one), then the head; returns the new end."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"number": end[0] + 1, "at": now, "event": event, "data": data, "before": end[1]}
    line = json.dumps({**body, "hash": _hash(body)}, ensure_ascii=False) + "\n"
    log.write(line.encode(errors="backslashreplace"))
    log.flush()
    os.fsync(log.fileno())  # the line first: a head that is ahead of its log would look like a log that was cut
    write_whole(home / HEAD, f"{end[0] + 1} {_hash(body)}\n")
    return end[0] + 1, _hash(body)


def prove_writable(home: Path) -> None:
    """Open the log as ``append`` does, and write nothing. ``TrustError`` when it could not be written."""
    with _locked(home) as log:
        _find_end(home, log)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[BinaryIO]:
    try:
        with make_private(open_home(home) / FILE).open("a+b") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            _drop_unfinished(log)
            yield log
    except (OSError, ValueError) as error:
        raise TrustError(f"the audit log in {home} cannot be written ({error}): make room, or restore it") from error


def read(home: Path) -> list[dict[str, Any]]:
    """All lines as they are, checked or not."""
    path = home / FILE
    if not path.exists():
        return []
    return [_parse(line) for line in _split(path.read_bytes())]


def find_lines(home: Path, text: str) -> list[dict[str, Any]]:
    """Return the lines that hold ``text``, such as the hash of a file; reads the log once, line by line."""
    path, wanted = home / FILE, text.encode()
    if not path.exists():
        return []
    with path.open("rb") as log:
        return [_parse(line.decode(errors="replace")) for line in log if wanted in line]


def check(home: Path) -> AuditReport:
    """Whether every line is as it was written, and none is missing. A damaged head is no damage of the log."""
    path = home / FILE
    lines = _split(path.read_bytes()) if path.exists() else []
    whole, end = _follow(lines)
    if whole < len(lines):
        return AuditReport(num_lines=whole, broken_at=whole + 1)
    head = _read_head(home)
    if head is not None and end != _catch_up(head, lines[-1] if lines else ""):
        return AuditReport(num_lines=len(lines), broken_at=len(lines) + 1)
    return AuditReport(num_lines=len(lines), is_head_damaged=head is None)


def _find_end(home: Path, log: BinaryIO) -> tuple[int, str]:
    """Number and hash of the last line. A head that a loss of power left empty or torn is made again from the log, if
    every line of that is whole."""
    head = _read_head(home)
    if head is not None:
        return _catch_up(head, _last_line(log))
    log.seek(0)
    lines = _split(log.read())
    whole, end = _follow(lines)
    if whole < len(lines):
        raise TrustError(f"{home / HEAD} is damaged, and so is line {whole + 1} of {FILE}: restore both from a backup")
    return end


def _read_head(home: Path) -> tuple[int, str] | None:
    """What the head says, ``None`` when it is damaged."""
    path = home / HEAD
    if not path.exists():
        return 0, _FIRST
    match = re.fullmatch(r"(\d+) ([0-9a-f]{64})", path.read_text(encoding="utf-8", errors="replace").strip())
    return None if match is None else (int(match[1]), match[2])


def _follow(lines: Sequence[str]) -> tuple[int, tuple[int, str]]:
    """How many lines from the first on are as they were written, and number and hash of the last of them."""
    before = _FIRST
    for number, line in enumerate(lines, start=1):
        content = _parse(line)
        written = content.pop("hash", None)
        if content.get("number") != number or content.get("before") != before or written != _hash(content):
            return number - 1, (number - 1, before)
        before = written
    return len(lines), (len(lines), before)


def _drop_unfinished(log: BinaryIO) -> None:
    """Cut off what a killed process had begun to write: a line without an end."""
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - _LONGEST_BYTES))
    tail = log.read()
    if tail and not tail.endswith(b"\n"):
        log.truncate(end - len(tail) + tail.rfind(b"\n") + 1)


def _split(content: bytes) -> list[str]:
    """The lines; not by ``str.splitlines``, which takes letters such as U+2028 for the end of a line too."""
    return [line.decode(errors="replace") for line in content.split(b"\n")[:-1]]


def _last_line(log: BinaryIO) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - _LONGEST_BYTES))
    lines = log.read().splitlines()
    return lines[-1].decode(errors="replace") if lines else ""


def _catch_up(head: tuple[int, str], last: str) -> tuple[int, str]:
    """The head, moved on by the last line if a crash came between the two."""
    content = _parse(last)
    written = str(content.pop("hash", ""))
    follows = content.get("number") == head[0] + 1 and content.get("before") == head[1] and written == _hash(content)
    return (head[0] + 1, written) if follows else head


def _parse(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _hash(body: dict[str, Any]) -> str:
    return hashlib.sha256(
        json.dumps(body, ensure_ascii=False, sort_keys=True).encode(errors="backslashreplace")
    ).hexdigest()
