from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ozora.backends import BACKENDS, Frames, Stroke
from ozora.server import jobs
from ozora.server.housekeeping import sweep
from ozora.server.jobs import Job
from ozora.server.leavings import clear_leavings
from ozora.server.painting import Studio, paint
from ozora.server.snapshots import save_snapshot, snapshot_path
from tests.server.stub import StubBackend
from tests.server.test_painting import again, claimed, see


class InterruptedBackend(StubBackend):
    """Something else happens while it paints its second step."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def paint(self, *wanted: Any, **more: Any) -> Iterator[Stroke | Frames]:
        for number, item in enumerate(super().paint(*wanted, **more)):
            if number == 1:
                self._happens()
            yield item


def paint_late(studio: Studio, job: Job, happens: Callable[[], None]) -> str:
    """Paint a job while another worker takes it over, and whatever ``happens`` then."""
    quick = BACKENDS["stub"]

    def take_over() -> None:
        BACKENDS["stub"] = quick
        assert paint(studio, again(studio, later_s=60.0)) == "completed"
        happens()

    BACKENDS["stub"] = InterruptedBackend(take_over)
    return paint(studio, job)


def test_a_late_painter_leaves_nothing_beside_the_video(studio: Studio) -> None:
    job = claimed(studio)
    assert paint_late(studio, job, lambda: None) == "lost"
    assert see(studio, job).folder == f"videos/{job.id}/2"
    assert {state.path.split("/")[2] for state in studio.store.find_files(f"videos/{job.id}")} == {"2"}


def test_a_late_painter_does_not_bring_back_what_was_deleted(studio: Studio) -> None:
    job = claimed(studio)

    def delete() -> None:
        with studio.database.writing() as connection:
            jobs.delete(connection, see(studio, job), time.time())
        assert sweep(studio.settings, studio.database, studio.store, time.time()) == 1

    assert paint_late(studio, job, delete) == "lost"
    assert studio.store.find_files(f"videos/{job.id}") == []


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_step_stays_for_whoever_goes_on_from_it(is_taken: bool, studio: Studio) -> None:
    job = claimed(studio)
    other = again(studio, later_s=60.0)
    save_snapshot(studio.store, job.id, b"step")
    for attempt in (job, other):
        studio.store.write(f"videos/{job.id}/{attempt.attempt}/video.mp4", b"x")
    if not is_taken:
        paint(studio, other)
        save_snapshot(studio.store, job.id, b"late step")
    clear_leavings(studio.database, studio.store, job)
    assert (studio.store.find(snapshot_path(job.id)) is not None) == is_taken
    assert studio.store.find_files(f"videos/{job.id}/1") == []
    assert studio.store.find_files(f"videos/{job.id}/2") != []
