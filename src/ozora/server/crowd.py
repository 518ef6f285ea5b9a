"""Everybody who is connected to one web process: how many may be, and who goes first when there are too many.

A connection waits while no request of it is being answered: it sent nothing yet, or only a part of a head, or it is
kept open for a next request. Those can be closed at any time without loss; a client that notices asks again.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

MAX_OPEN = 2000
SPARE_FILES = 300  # open files that a process needs beside its connections: database, store, uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that a client may take. ``head_s``: from the connection, or the first byte of a head, until the head is
    whole. ``linger_s``: to send the rest of a body that was answered early; it is thrown away. ``stall_s``: to take
    nothing of an answer."""

    head_s: float = 10.0
    linger_s: float = 10.0
    stall_s: float = 60.0


@dataclass(slots=True, kw_only=True)
class Crowd:
    """``limit`` connections may be open; ``waiting`` are those that wait, the longest first."""

    limit: int = MAX_OPEN
    patience: Patience = Patience()
    waiting: dict[asyncio.BaseTransport, None] = field(default_factory=dict)

    def wait(self, transport: asyncio.BaseTransport) -> None:
        """A connection begins to wait."""
        self.waiting.pop(transport, None)
        self.waiting[transport] = None

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A connection waits no more."""
        self.waiting.pop(transport, None)

    def oldest(self) -> asyncio.BaseTransport | None:
        """The connection that has waited longest; ``None`` when none waits."""
        return next(iter(self.waiting), None)


def make_crowd() -> Crowd:
    """As many connections as this process can have open files, at most ``MAX_OPEN``; its limit is raised for that."""
    if sys.platform == "win32":  # has no such limit
        return Crowd()
    import resource

    wanted = MAX_OPEN + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < wanted:
        soft = wanted if hard == unlimited else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return Crowd(limit=MAX_OPEN if soft == unlimited else max(50, min(MAX_OPEN, soft - SPARE_FILES)))
