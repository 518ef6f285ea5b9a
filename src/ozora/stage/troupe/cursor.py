"""A cursor over little-endian bytes that never reads past the end and never trusts a count."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ozora.errors import MediaError

MAX_NAME_BYTES = 256


class Cursor:
    """Reads one file from front to back. ``what`` names the file in errors.

    Every method raises MediaError when the file ends too early or a count is beyond its bound.
    """

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    def fail(self, reason: str) -> MediaError:
        """The error to raise for this file."""
        return MediaError(f"{self._what} {reason}.")

    def take(self, num_bytes: int) -> bytes:
        """The next bytes."""
        if num_bytes > len(self._data) - self._at:
            raise self.fail("ends too early: copy or download it again")
        self._at += num_bytes
        return self._data[self._at - num_bytes : self._at]

    def number(self, what: str, at_most: int) -> int:
        """An unsigned 32-bit number that may not be larger than ``at_most``."""
        (value,) = struct.unpack("<I", self.take(4))
        if value > at_most:
            raise self.fail(f"claims {value} {what}, more than the {at_most} that are read")
        return int(value)

    def name(self) -> str:
        """Text with its length in front."""
        return self.take(self.number("letters in a name", MAX_NAME_BYTES)).decode("utf-8", "replace")

    def records(self, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
        """``count`` records in one array (a copy)."""
        return np.frombuffer(self.take(dtype.itemsize * count), dtype=dtype, count=count).copy()

    def finite(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same numbers, refused when one of them is not finite."""
        if not np.isfinite(values).all():
            raise self.fail("holds a number that is not finite")
        return np.ascontiguousarray(values, dtype=np.float32)


def open_cursor(data: bytes, what: str, *, magic: bytes, versions: tuple[int, ...]) -> Cursor:
    """A cursor behind the header (magic, version, payload size) that PMD and PSA files share."""
    cursor = Cursor(data, what)
    if cursor.take(4) != magic:
        raise cursor.fail(f"is not a {magic.decode()} file")
    version = cursor.number("as its version", 2**32 - 1)
    if version not in versions:
        known = " or ".join(str(each) for each in versions)
        raise cursor.fail(f"has version {version}, and only {known} can be read")
    cursor.take(4)  # payload size: the counts inside are checked instead
    return cursor
