from __future__ import annotations

import struct

import numpy as np
import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.cursor import Cursor, open_cursor


def test_reads_front_to_back() -> None:
    cursor = Cursor(struct.pack("<I", 3) + b"abc" + struct.pack("<2f", 1.0, 2.0), "it")
    assert cursor.name() == "abc"
    assert cursor.records(np.dtype("<f4"), 2).tolist() == [1.0, 2.0]


def test_never_reads_past_the_end() -> None:
    with pytest.raises(MediaError, match="it ends too early"):
        Cursor(b"ab", "it").take(3)


def test_counts_are_bounded() -> None:
    with pytest.raises(MediaError, match="claims 4294967295 bones"):
        Cursor(b"\xff" * 4, "it").number("bones", 254)


def test_numbers_are_finite() -> None:
    with pytest.raises(MediaError, match="not finite"):
        Cursor(b"", "it").finite(np.array([np.nan], dtype=np.float32))


@pytest.mark.parametrize("data", [b"", b"PSSA", b"XXXX" + struct.pack("<II", 4, 0), b"PSMD" + struct.pack("<II", 9, 0)])
def test_header_is_checked(data: bytes) -> None:
    with pytest.raises(MediaError):
        open_cursor(data, "it", magic=b"PSMD", versions=(4,))
