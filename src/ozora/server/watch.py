"""How long something has been as it is, told without a date: seconds during which a process of ours kept seeing it.

The clock on the wall can jump by years, and the dates of files come from it too. The monotonic clock of a process
cannot, but it ends with the process. So each look adds the monotonic time since the look before to what the database
remembers, and only one process at a time does: time during which none ran does not count, and a restart loses nothing
but the time until the next process has taken over.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ozora.server.database import Database
from ozora.server.memos import find_memo, write_memo

LONGEST_S = 2 * 3600.0  # that one look may add, though the one before it is longer ago
PATIENCE_S = 1.5 * 3600.0  # so long another process that watched must have been silent
MOST = 10_000  # names that are watched at once


@dataclass(frozen=True, slots=True, kw_only=True)
class _Diary:
    """What the database remembers: who watches, how often they looked, and of each name its sign and its seconds."""

    watcher: str = ""
    looks: int = 0
    seen: dict[str, tuple[str, float]] = field(default_factory=dict)


class Watch:
    """One process's view of what is watched under a name. ``clock`` gives monotonic seconds."""

    def __init__(self, database: Database, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._name, self._clock = database, f"watch_{name}", clock
        self._own = secrets.token_hex(8)
        self._looked_at = clock()
        self._other: tuple[str, int] | None = None
        self._other_since = 0.0

    def look(self, things: Mapping[str, str]) -> dict[str, float]:
        """For how many seconds each thing has been seen with the same sign; nothing while another process watches.

        ``things`` are all that are there now, by name, each with a sign that changes when the thing does.
        """
        with self._database.writing() as connection:
            diary, now = _parse(find_memo(connection, self._name)), self._clock()
            if not self._may_watch(diary, now):
                return {}
            added = min(now - self._looked_at, LONGEST_S) if diary.watcher == self._own else 0.0
            seen: dict[str, tuple[str, float]] = {}
            for name in sorted(things)[:MOST]:
                sign, watched_s = diary.seen.get(name, ("", 0.0))
                seen[name] = (things[name], watched_s + added if name in diary.seen and sign == things[name] else 0.0)
            text = json.dumps({"watcher": self._own, "looks": diary.looks + 1, "seen": seen})
            write_memo(connection, self._name, text)
        self._looked_at = now
        return {name: watched_s for name, (_, watched_s) in seen.items()}

    def _may_watch(self, diary: _Diary, now: float) -> bool:
        """Whether this process is the one that watches, or takes over from one that is silent."""
        if diary.watcher in ("", self._own):
            return True
        if self._other != (diary.watcher, diary.looks):
            self._other, self._other_since = (diary.watcher, diary.looks), now
            return False
        return now - self._other_since >= PATIENCE_S


def _parse(text: str | None) -> _Diary:
    if text is None:
        return _Diary()
    data: dict[str, Any] = json.loads(text)
    seen = {str(name): (str(sign), float(watched_s)) for name, (sign, watched_s) in data["seen"].items()}
    return _Diary(watcher=str(data["watcher"]), looks=int(data["looks"]), seen=seen)
