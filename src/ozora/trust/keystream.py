"""Random bits that a key and a label decide, the same on every machine and with every version of NumPy.

SHAKE-256 (FIPS 202) over the length of the label, the label and the key.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def draw_bits(key: bytes, label: str, count: int) -> NDArray[np.uint8]:
    """``count`` zeros and ones."""
    stream = _stream(key, label, -(-count // 8))
    return np.unpackbits(np.frombuffer(stream, np.uint8))[:count]


def draw_order(key: bytes, label: str, count: int) -> NDArray[np.int64]:
    """The numbers below ``count``, shuffled."""
    words = np.frombuffer(_stream(key, label, 8 * count), "<u8")
    return np.argsort(words, kind="stable").astype(np.int64)


def _stream(key: bytes, label: str, size_bytes: int) -> bytes:
    name = label.encode()
    return hashlib.shake_256(len(name).to_bytes(2, "big") + name + key).digest(size_bytes)
