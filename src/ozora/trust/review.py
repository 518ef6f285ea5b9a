"""The queue of prompts that a person has to look at. What was approved once may be made again by the same key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ozora.errors import UnknownNameError
from ozora.trust.home import HomeDatabase
from ozora.trust.policy import Decision

FILE = "review.db"
Answer = Literal["waiting", "approved", "refused"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS review (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_at TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT 'waiting',
    answered_by TEXT NOT NULL DEFAULT '',
    answered_at TEXT NOT NULL DEFAULT '',
    UNIQUE (key, text, rule)
);
"""
_COLUMNS = "number, asked_at, key, text, rule, reason, answer, answered_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A prompt that was held, by which rule, and what a person said of it."""

    number: int
    asked_at: str
    key: str
    text: str
    rule: str
    reason: str
    answer: Answer
    answered_by: str


class ReviewQueue(HomeDatabase):
    """The queue in a home folder; a context that closes it. ``TrustError`` when it cannot be read or written."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / FILE, _SCHEMA)

    def ask(self, key: str, text: str, decision: Decision) -> Case:
        """The case of ``text``, new if it has not been asked before."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = (now, key, text, decision.rule, decision.reason)
        with self.guarded():
            self.connection.execute(
                "INSERT OR IGNORE INTO review (asked_at, key, text, rule, reason) VALUES (?, ?, ?, ?, ?)", row
            )
        (case,) = self._select("key = ? AND text = ? AND rule = ?", key, text, decision.rule)
        return case

    def list_waiting(self) -> list[Case]:
        """What has not been answered, oldest first."""
        return self._select("answer = ?", "waiting")

    def answer(self, number: int, answer: Answer, *, by: str) -> Case:
        """Say what a person, ``by``, has decided; ``UnknownNameError`` when there is no such case."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if not self._select("number = ?", number):
            raise UnknownNameError(f"there is no case {number}; `ozora trust review` lists them")
        with self.guarded():
            self.connection.execute(
                "UPDATE review SET answer = ?, answered_by = ?, answered_at = ? WHERE number = ?",
                (answer, by, now, number),
            )
        return self._select("number = ?", number)[0]

    def _select(self, condition: str, *values: str | int) -> list[Case]:
        with self.guarded():
            rows = self.connection.execute(
                f"SELECT {_COLUMNS} FROM review WHERE {condition} ORDER BY number", values
            ).fetchall()
        return [Case(**dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]
