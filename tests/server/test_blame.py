from __future__ import annotations

import errno

import pytest

from ozora.errors import (
    DiskFullError,
    OutOfMemoryError,
    OutputError,
    PaintingError,
    PolicyError,
    ServiceError,
    SizeError,
    StoreError,
    TimeAuthorityError,
    TrustError,
    WeightsError,
)
from ozora.server.blame import blame, recognize

TORCH = "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"


@pytest.mark.parametrize(
    ("error", "fault", "when_ill"),
    [
        (SizeError("x"), "plan", "plan"),
        (PolicyError("x"), "plan", "plan"),
        (RuntimeError("no such tensor"), "plan", "ours"),
        (ValueError("x"), "plan", "ours"),
        (PaintingError("x"), "plan", "plan"),
        (ZeroDivisionError(), "plan", "ours"),
        (KeyError("x"), "plan", "ours"),
        (OutputError("x"), "ours", "ours"),
        (TrustError("x"), "ours", "ours"),
        (WeightsError("x"), "ours", "ours"),
        (MemoryError(), "ours", "ours"),
        (RuntimeError(TORCH), "ours", "ours"),
        (OSError(errno.ENOSPC, "no space"), "outside", "outside"),
        (PermissionError(13, "no"), "ours", "ours"),
        (TimeAuthorityError("x"), "outside", "outside"),
        (StoreError("x"), "outside", "outside"),
    ],
)
def test_each_error_has_somebody_to_blame(error: Exception, fault: str, when_ill: str) -> None:
    assert blame(error, is_ill=False) == fault
    assert blame(error, is_ill=True) == when_ill


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(TORCH),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_lack_of_memory_is_known_in_every_dress(error: Exception) -> None:
    assert isinstance(recognize(error), OutOfMemoryError)


def test_a_full_disk_and_other_errors_of_the_system_are_ours_by_name() -> None:
    assert isinstance(recognize(OSError(errno.ENOSPC, "no space")), DiskFullError)
    assert type(recognize(PermissionError(13, "no"))) is ServiceError
    wrong = ValueError("x")
    assert recognize(wrong) is wrong
