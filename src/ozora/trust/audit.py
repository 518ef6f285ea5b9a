"""The audit log: what was decided and published, line by line, each line holding the hash of the one before.

A line that is changed, removed or put in breaks the chain at its place. The number and hash of the last line stand in
a second file, so that a log which was cut off is noticed too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ozora.errors import TrustError

FILE = "audit.jsonl"
HEAD = "audit.head"
_FIRST = "0" * 64
_LONGEST_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """``num_lines`` lines are as they were written; ``broken_at`` is the first that is not, from 1."""

    num_lines: int
    broken_at: int | None = None


def append(home: Path, event: str, data: dict[str, Any]) -> None:
    """Add a line, now. Processes wait for each other. ``TrustError`` when it cannot be written."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / FILE).open("a+b") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            _drop_unfinished(log)
            number, before = _catch_up(_read_head(home), _last_line(log))
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            body = {"number": number + 1, "at": now, "event": event, "data": data, "before": before}
            line = json.dumps({**body, "hash": _hash(body)}, ensure_ascii=False) + "\n"
            log.write(line.encode())
            log.flush()
            draft = home / f"{HEAD}.new"
            draft.write_text(f"{number + 1} {_hash(body)}\n")
            draft.replace(home / HEAD)  # a process may be killed at any moment
    except (OSError, ValueError) as error:
        raise TrustError(f"the audit log in {home} cannot be written ({error}): make room, or restore it") from error


def read(home: Path) -> list[dict[str, Any]]:
    """All lines as they are, checked or not."""
    path = home / FILE
    if not path.exists():
        return []
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return lines


def check(home: Path) -> AuditReport:
    """Whether every line is as it was written, and none is missing."""
    path = home / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    before = _FIRST
    for number, line in enumerate(lines, start=1):
        content = _parse(line)
        written = content.pop("hash", None)
        if content.get("number") != number or content.get("before") != before or written != _hash(content):
            return AuditReport(num_lines=number - 1, broken_at=number)
        before = written
    last = lines[-1] if lines else ""
    if (len(lines), before) != _catch_up(_read_head(home), last):
        return AuditReport(num_lines=len(lines), broken_at=len(lines) + 1)
    return AuditReport(num_lines=len(lines))


def _read_head(home: Path) -> tuple[int, str]:
    path = home / HEAD
    if not path.exists():
        return 0, _FIRST
    number, _, value = path.read_text(encoding="utf-8").strip().partition(" ")
    return int(number), value


def _drop_unfinished(log: BinaryIO) -> None:
    """Cut off what a killed process had begun to write: a line without an end."""
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - _LONGEST_BYTES))
    tail = log.read()
    if tail and not tail.endswith(b"\n"):
        log.truncate(end - len(tail) + tail.rfind(b"\n") + 1)


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
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
