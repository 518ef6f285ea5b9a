"""Whose fault a failed attempt is: the plan's, ours, or that of something outside. Only the plan's counts.

What a user asked for may be refused, and ends. What this installation or a service beside it could not do waits until
it can. An error that nobody foresaw is the plan's, since a plan that always fails must end, unless our side is seen to
be ill at that moment.
"""

from __future__ import annotations

import errno
from typing import Literal

from ozora.errors import (
    DiskFullError,
    OutOfMemoryError,
    OutputError,
    OzoraError,
    PaintingError,
    ServiceError,
    StoreError,
    TimeAuthorityError,
    UserError,
)

Fault = Literal["plan", "ours", "outside"]

# How PyTorch, CUDA, C++ and the threads of Python say that memory is short; all raise a plain RuntimeError.
SHORT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc", "cannot allocate memory", "start new thread")


def recognize(error: Exception) -> Exception:
    """The error in the words of our own tree, where it has them: memory, disk and input are ours by name."""
    if isinstance(error, OzoraError):
        return error
    text = f"{type(error).__name__}: {error}"
    short = isinstance(error, RuntimeError) and any(words in text.lower() for words in SHORT_OF_MEMORY)
    if short or isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return OutOfMemoryError(text)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(text)
    return ServiceError(text) if isinstance(error, OSError) else error


def blame(error: Exception, *, is_ill: bool) -> Fault:
    """Whose fault an error of an attempt is; ``is_ill`` when a part of our side is seen to fail right after it."""
    error = recognize(error)
    if isinstance(error, PaintingError):  # the same plan paints the same pixels
        return "plan"
    if isinstance(error, UserError) and not isinstance(error, OutputError):  # our disk, not the user's
        return "plan"
    if isinstance(error, TimeAuthorityError | StoreError):
        return "outside"
    return "ours" if isinstance(error, OzoraError) or is_ill else "plan"
