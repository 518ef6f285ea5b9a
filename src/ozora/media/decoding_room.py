"""Memory for decoding: how many bytes of pixels one process decodes at the same time.

A picture of 200 kB can be 50 million pixels, and seven such requests at once are gigabytes. So whoever decodes says
first how much that takes, which the head of a file tells, and waits a moment when others have taken too much. A program
that works for one person has no limit; a server sets one for all its requests together.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from ozora.errors import OutOfMemoryError

WAIT_S = 10.0
"""So long one waits for others to be done."""


class DecodingRoom:
    """``capacity_bytes`` are decoded at once; ``None``: as many as one likes. Threads may share it."""

    def __init__(self, capacity_bytes: int | None = None, *, wait_s: float = WAIT_S) -> None:
        self._capacity, self._wait_s = capacity_bytes, wait_s
        self._taken = 0
        self._freed = threading.Condition()
        self._mine = threading.local()

    @property
    def capacity_bytes(self) -> int | None:
        return self._capacity

    @property
    def taken_bytes(self) -> int:
        return self._taken

    def limit(self, capacity_bytes: int | None) -> None:
        """From now on so much is decoded at once."""
        with self._freed:
            self._capacity = capacity_bytes
            self._freed.notify_all()

    def fits(self, size_bytes: int) -> bool:
        """Whether so much can be decoded at all."""
        return self._capacity is None or size_bytes <= self._capacity

    @contextlib.contextmanager
    def reserve(self, size_bytes: int) -> Iterator[None]:
        """Hold so many bytes for the block; ``OutOfMemoryError`` when others do not make room in time.

        What does not fit at all takes everything and is alone. A thread that holds something is not asked again.
        """
        if getattr(self._mine, "holds", False):
            yield
            return
        taken = self._take(size_bytes)
        self._mine.holds = True
        try:
            yield
        finally:
            self._mine.holds = False
            with self._freed:
                self._taken -= taken
                self._freed.notify_all()

    def _take(self, size_bytes: int) -> int:
        until = time.monotonic() + self._wait_s
        with self._freed:
            while True:
                size = size_bytes if self._capacity is None else min(size_bytes, self._capacity)
                if self._capacity is None or self._taken + size <= self._capacity:
                    self._taken += size
                    return size
                left_s = until - time.monotonic()
                if left_s <= 0:
                    raise OutOfMemoryError(
                        f"other pictures and clips take the {self._capacity / 1e6:,.0f} MB that are decoded at once; "
                        f"try again in a moment"
                    )
                self._freed.wait(left_s)


ROOM = DecodingRoom()
"""That of this process."""
