"""Memory of pictures goes back to the system when they are done with.

The C library keeps freed blocks of up to 32 MB for each thread, for a next time; with some tens of threads that decode
a picture now and then, that is more than all the pictures themselves (measured: 850 MB for pictures of 340 MB).
"""

from __future__ import annotations

import ctypes
import sys

MAPPED_BYTES = 1_000_000  # blocks from this size on are mapped, and unmapped when they are freed
_M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def return_large_blocks() -> bool:
    """From now on, in this process; whether the C library can do it (glibc, that is Linux)."""
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES))
    except (OSError, AttributeError):  # another C library, such as musl
        return False
