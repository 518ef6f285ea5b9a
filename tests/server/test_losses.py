from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from ozora.errors import OutOfMemoryError
from ozora.server import jobs, queue
from ozora.server.database import Database
from ozora.server.jobs import IN_PROGRESS, QUEUED, Job
from ozora.server.keys import LOCAL
from ozora.server.losses import KILLED, count_memory_kills, report_loss
from ozora.server.settings import Settings
from ozora.server.tables import JOBS
from tests.server.samples import draft


def claimed(database: Database, worker: str) -> Job:
    with database.writing() as connection:
        jobs.add(connection, draft(), 1.0)
        job = queue.claim(connection, worker, now=10.0, lease_s=10.0, max_failures=2)
    assert job is not None
    return job


def see(database: Database, job: Job) -> Job:
    with database.reading() as connection:
        return jobs.get(connection, job.id, LOCAL)


@pytest.mark.parametrize(
    ("by_memory", "waits_for", "memory_bytes"), [(False, KILLED, 1_000), (True, OutOfMemoryError.public, 1_500)]
)
def test_the_job_of_a_killed_worker_comes_back_at_once(
    settings: Settings, database: Database, by_memory: bool, waits_for: str, memory_bytes: int
) -> None:
    job, other = claimed(database, "host-1-abc"), claimed(database, "host-1-abd")
    with database.writing() as connection:
        connection.execute(update(JOBS).values(predicted_memory_bytes=1_000))
    report_loss(settings, "abc", by_memory=by_memory)
    back = see(database, job)
    assert (back.status, back.failures, back.waits_for) == (QUEUED, 0, waits_for)
    assert back.predicted_memory_bytes == memory_bytes
    assert see(database, other).status == IN_PROGRESS


def test_a_database_that_is_away_is_no_end_of_the_watch(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "ozora.db").mkdir()
    report_loss(settings, "abc", by_memory=False)


def test_the_kernel_counts_whom_it_kills(tmp_path: Path) -> None:
    assert count_memory_kills(tmp_path) == 0
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("oom_kill_disable 9\noom_kill 3\n")
    assert count_memory_kills(tmp_path) == 3
