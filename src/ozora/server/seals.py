"""Seals: the size and the hash that a file had when it was stored, so that a damaged one is known before it is sent."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

REMEMBERED = 10_000  # files whose hash one process knows
AT_ONCE = 8  # files that one process reads for their hash; many who ask for the same one wait for one reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """``size_bytes`` is ``None`` and ``sha256`` (hex) is "" where it was not written down."""

    size_bytes: int | None = None
    sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"size_bytes": self.size_bytes, "sha256": self.sha256}


def seal_of(data: bytes) -> Seal:
    """The seal of bytes that are about to be stored."""
    return Seal(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def find_seal(content: Mapping[str, Mapping[str, Any]] | None, name: str) -> Seal:
    """The seal of a file in the ``content`` of a job; an empty one where the job is older than seals."""
    noted = (content or {}).get(name, {})
    return Seal(size_bytes=noted.get("size_bytes"), sha256=str(noted.get("sha256", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a stored file looks without reading it. ``mark`` changes when it is written again: the time of the last
    change, or what a bucket has in its place; "" where the store tells none."""

    path: str
    size_bytes: int
    mark: str


class Hashes:
    """The hashes of files that were read before, by their state: reading 200 MB for every request would be slow.

    Threads may share it. Bytes that change on the disk without a change of the state are seen by the next process.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[State, str] = OrderedDict()
        self._lock = threading.Lock()
        self._readings = [threading.Lock() for _ in range(AT_ONCE)]

    def find(self, state: State, compute: Callable[[], str]) -> str:
        """The hash of a file; ``compute`` reads the file and is called when the state is new."""
        known = self._find(state)
        if known is not None:
            return known
        with self._readings[hash(state) % AT_ONCE]:
            return self._find(state) or self._remember(state, compute())

    def _find(self, state: State) -> str | None:
        with self._lock:
            if state in self._known:
                self._known.move_to_end(state)
            return self._known.get(state)

    def _remember(self, state: State, sha256: str) -> str:
        with self._lock:
            self._known[state] = sha256
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return sha256
