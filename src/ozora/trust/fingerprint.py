"""A fingerprint of what a clip shows, that stays nearly the same when it is encoded again, resized or retimed.

64 bits for each of 8 frames that are spread over the clip: the signs of its low frequencies around their median
(Zauner's pHash, 2010, on a 32 x 32 picture of the brightness).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NUM_FRAMES = 8
SIZE_BYTES = 8 * NUM_FRAMES
SIMILAR = 6.0
"""Bits of 64: a distance that a copy keeps below, and that two clips of one kind of scene rarely reach."""

_SIDE, _KEPT = 32, 8


def fingerprint(frames: NDArray[np.uint8]) -> bytes:
    """The fingerprint of ``frames`` [f, h, w, 3], 64 bytes."""
    return b"".join(look(frames[index]) for index in _places(len(frames)))


class FrameSampler:
    """The fingerprint of a clip of ``num_frames`` whose frames come one by one; only those that are in it are looked
    at."""

    def __init__(self, num_frames: int) -> None:
        self._places = _places(num_frames)
        self._looks: dict[int, bytes] = {}
        self._num_seen = 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Take the next frame [h, w, 3]."""
        if self._num_seen in self._places:
            self._looks[self._num_seen] = look(frame)
        self._num_seen += 1

    def fingerprint(self) -> bytes:
        """Return the fingerprint, 64 bytes; all frames must have come."""
        assert self._num_seen > max(self._places), f"only {self._num_seen} frames came"
        return b"".join(self._looks[index] for index in self._places)


def look(frame: NDArray[np.uint8]) -> bytes:
    """What one frame [h, w, 3] has in a fingerprint, 8 bytes."""
    small = Image.fromarray(frame).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    waves = _cosines() @ np.asarray(small, np.float64) @ _cosines().T
    low = waves.ravel()
    return np.packbits(low > np.median(low)).tobytes()


def distance(one: bytes, other: bytes) -> float:
    """Bits that differ, a frame's mean: 0 for the same, about 32 for clips that have nothing in common."""
    return float(distances(one, np.frombuffer(other, np.uint8)[None])[0])


def distances(one: bytes, others: NDArray[np.uint8]) -> NDArray[np.float64]:
    """``distance`` to each row of ``others`` [n, 64 bytes]."""
    different = np.frombuffer(one, np.uint8)[None] ^ others
    bits: NDArray[np.float64] = np.bitwise_count(different).sum(axis=1) / NUM_FRAMES
    return bits


def measure_likeness(one: bytes, other: bytes) -> float:
    """Return how far the frames of ``one`` are from the nearest frames of ``other``, in bits of 64; a piece of a clip
    is as near to it as the whole."""
    seen, known = (np.frombuffer(item, np.uint8).reshape(NUM_FRAMES, -1) for item in (one, other))
    bits = np.bitwise_count(seen[:, None] ^ known[None]).sum(axis=2)
    return float(bits.min(axis=1).mean())


def _places(count: int) -> list[int]:
    return [int(place) for place in (np.arange(NUM_FRAMES) + 0.5) / NUM_FRAMES * count]


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """The first eight waves of the DCT-II after the constant one [8, 32]."""
    order, place = np.arange(1, _KEPT + 1)[:, None], np.arange(_SIDE)[None]
    return np.asarray(np.cos(math.pi * order * (place + 0.5) / _SIDE), np.float64)
