from __future__ import annotations

import pytest
from sqlalchemy import select

from ozora.errors import RequestError
from ozora.server import jobs, queue
from ozora.server.database import Database
from ozora.server.jobs import CANCELLED, FAILED, QUEUED
from ozora.server.keys import LOCAL
from ozora.server.tables import ATTEMPTS
from tests.server.samples import draft


def test_a_job_begins_in_the_queue(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.0)
        assert (job.status, job.progress, job.created_at, job.is_ended) == (QUEUED, 0, 5.0, False)
        assert job.id.startswith("video_")
        assert jobs.num_queued(connection) == 1
        assert jobs.count(connection) == {QUEUED: 1}


def test_another_keys_job_is_not_there(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.0)
        with pytest.raises(RequestError, match="there is no video") as refused:
            jobs.get(connection, job.id, "other")
    assert refused.value.status == 404


def test_pages_cover_everything_once(database: Database) -> None:
    with database.writing() as connection:
        made = [jobs.add(connection, draft(), 5.0).id for _ in range(5)]
        first, more = jobs.page(connection, LOCAL, after=None, limit=3, ascending=False)
        second, rest = jobs.page(connection, LOCAL, after=first[-1].id, limit=3, ascending=False)
        assert (more, rest) == (True, False)
        assert [job.id for job in first + second] == made[::-1]
        assert jobs.page(connection, LOCAL, after=made[1], limit=1, ascending=True)[0][0].id == made[2]
        for job in first:
            jobs.delete(connection, job, 6.0)
        assert jobs.page(connection, LOCAL, after=first[-1].id, limit=3, ascending=False) == (second, False)


def test_a_waiting_job_is_cancelled_at_once(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.cancel(connection, jobs.add(connection, draft(), 5.0), 6.0)
        assert (job.status, job.error_code, job.completed_at) == (FAILED, CANCELLED, 6.0)
        assert jobs.cancel(connection, job, 7.0) == job


def test_a_painted_job_is_cancelled_at_once_too(database: Database) -> None:
    with database.writing() as connection:
        jobs.add(connection, draft(), 5.0)
        claimed = queue.claim(connection, "w", now=6.0, lease_s=10.0, max_failures=3)
        assert claimed is not None
        stopped = jobs.cancel(connection, claimed, 7.0)
        assert (stopped.status, stopped.error_code, stopped.completed_at) == (FAILED, CANCELLED, 7.0)
        assert queue.keep(connection, claimed, now=7.0, idle_s=0.0, lease_s=10.0) == "lost"
        ends = connection.execute(select(ATTEMPTS.c.outcome, ATTEMPTS.c.ended_at)).all()
        assert [tuple(end) for end in ends] == [(CANCELLED, 7.0)]


def test_a_deleted_job_is_out_of_sight(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 5.0)
        jobs.delete(connection, job, 6.0)
        with pytest.raises(RequestError):
            jobs.get(connection, job.id, LOCAL)
        assert jobs.page(connection, LOCAL, after=None, limit=3, ascending=False) == ([], False)


def test_seconds_of_a_day_leave_failures_out(database: Database) -> None:
    with database.writing() as connection:
        jobs.add(connection, draft(), 5.0)
        jobs.add(connection, draft(), 50.0)
        jobs.cancel(connection, jobs.add(connection, draft(), 60.0), 61.0)
        assert jobs.seconds_since(connection, LOCAL, 10.0) == 1.0
