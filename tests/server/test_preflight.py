from __future__ import annotations

import dataclasses
import time

import pytest

from ozora.errors import RequestError, StoreError
from ozora.plan import Plan
from ozora.server import jobs, queue
from ozora.server.database import Database
from ozora.server.preflight import (
    BASE_BYTES,
    BESIDE_BYTES,
    Need,
    after_shortage,
    check,
    first_guess,
    predict,
    slowness,
    usable_memory,
)
from ozora.server.store import SPARE_BYTES
from ozora.shapes import VideoShape
from tests.server.samples import draft, plan
from tests.server.stub import StubBackend


def sized(side: int) -> Plan:
    shape = plan().shape
    return dataclasses.replace(plan(), shape=VideoShape(frames=shape.frames, height=side, width=side, fps=shape.fps))


def test_more_pixels_need_more() -> None:
    small, large = (predict(sized(side), sized(16).shape, 1.0) for side in (64, 640))
    assert small.time_s < large.time_s
    assert BASE_BYTES < small.memory_bytes < large.memory_bytes
    assert small.disk_bytes < large.disk_bytes
    assert predict(sized(64), sized(16).shape, 2.0).time_s == pytest.approx(2 * small.time_s, abs=0.002)


def test_what_fits_passes() -> None:
    check(Need(time_s=1, memory_bytes=9, disk_bytes=9), plan(), memory_bytes=9, free_bytes=None)


@pytest.mark.parametrize("what", ["memory", "disk"])
def test_the_size_that_is_named_does_fit(what: str) -> None:
    wanted = sized(2000)
    need = predict(wanted, sized(16).shape, 1.0)
    memory = BASE_BYTES + 100_000_000 if what == "memory" else 10**12
    free = SPARE_BYTES + 500_000 if what == "disk" else None
    with pytest.raises(RequestError, match=f"of {what}") as refused:
        check(need, wanted, memory_bytes=memory, free_bytes=free)
    side = int(str(refused.value).split("; ")[1].split("x")[0])
    assert 500 < side < 2000
    check(predict(sized(side), sized(16).shape, 1.0), sized(side), memory_bytes=memory, free_bytes=free)


def test_past_jobs_correct_the_guess(database: Database, stub: StubBackend) -> None:
    with database.writing() as connection:
        assert slowness(connection) == {}
        jobs.add(connection, draft(), 1.0)
        job = queue.claim(connection, "w", now=time.time(), lease_s=5, max_failures=2)
        assert job is not None
        queue.complete(
            connection,
            job,
            folder="f",
            content={},
            pixels_sha256="0",
            plan=job.plan,
            notes=["all is well"],
            took_s=3 * first_guess(plan()),
            memory_bytes=1,
            disk_bytes=1,
            now=2.0,
            keep_s=9.0,
        )
        assert slowness(connection) == {"stub": pytest.approx(3.0)}


def test_memory_is_the_machines_or_the_limit() -> None:
    assert usable_memory(5, 2) == 5
    assert usable_memory(0, 2) == pytest.approx(usable_memory(0, 1) / 2, rel=1e-6)


def test_a_full_disk_may_be_empty_again() -> None:
    need = predict(plan(), sized(16).shape, 1.0)
    for free_bytes in (0, SPARE_BYTES, SPARE_BYTES + BESIDE_BYTES):
        with pytest.raises(StoreError, match="disk is full"):
            check(need, plan(), memory_bytes=10**12, free_bytes=free_bytes)


def test_after_a_shortage_more_is_thought_to_be_needed_and_no_more_than_there_is() -> None:
    assert [after_shortage(100, room) for room in (1000, 120, 50)] == [150, 120, 100]
