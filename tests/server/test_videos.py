from __future__ import annotations

import dataclasses

import pytest

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.jobs import FAILED, IN_PROGRESS
from ozora.server.videos import poll_ms, video_of
from tests.server.samples import draft

KNOWN = (
    "id object model status progress created_at completed_at expires_at prompt seconds size remixed_from_video_id error"
)


def test_what_the_sdks_know_is_always_there(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.5)
    video = video_of(job)
    assert set(KNOWN.split()) <= set(video)
    assert (video["created_at"], video["error"], video["took"]) == (5, None, None)
    failed = dataclasses.replace(job, status=FAILED, error_code="x", error_message="why")
    assert video_of(failed)["error"] == {"code": "x", "message": "why"}


@pytest.mark.parametrize(("predicted_s", "progress", "wait_ms"), [(4.0, 0, 1000), (4.0, 75, 250), (1000.0, 1, 5000)])
def test_when_to_ask_again(predicted_s: float, progress: int, wait_ms: int, database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.5)
    painted = dataclasses.replace(job, status=IN_PROGRESS, predicted_s=predicted_s, progress=progress)
    assert poll_ms(painted) == wait_ms
    assert poll_ms(job) == 1000


def test_a_job_that_waits_says_for_what_until_it_is_painted(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.5)
    assert video_of(job)["waits_for"] is None
    waiting = dataclasses.replace(job, waits_for="the store is away")
    assert video_of(waiting)["waits_for"] == "the store is away"
    assert video_of(dataclasses.replace(waiting, status=IN_PROGRESS))["waits_for"] is None
