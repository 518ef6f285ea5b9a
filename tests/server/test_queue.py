from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.engine import Engine

from ozora.server import jobs, keys, queue
from ozora.server.database import Database
from ozora.server.jobs import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, QUEUED, Job
from ozora.server.keys import LOCAL, Limits
from ozora.server.settings import Settings
from ozora.server.tables import ATTEMPTS, JOBS, KEYS
from tests.server import postgres
from tests.server.samples import draft

LEASE_S = 10.0
SQLITE, POSTGRES = "sqlite", pytest.param("postgresql", marks=pytest.mark.long)


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not postgres.is_installed():
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=[SQLITE, POSTGRES])
def database(request: pytest.FixtureRequest, settings: Settings, template: Path) -> Iterator[Database]:
    if request.param == SQLITE:
        shutil.copy(template, settings.database.removeprefix("sqlite:///"))
        database = Database(settings.database)
    else:
        database = Database(str(request.getfixturevalue("postgres_url")))
        database.migrate()
    with database.writing() as connection:
        for table in (JOBS, ATTEMPTS, KEYS):
            connection.execute(delete(table))
        keys.ensure_local(connection)
    yield database
    database.close()


def submit(database: Database, *, key_id: str = LOCAL, priority: int = 0, count: int = 1) -> list[str]:
    with database.writing() as connection:
        return [jobs.add(connection, draft(key_id=key_id, priority=priority), 1.0).id for _ in range(count)]


def claim(database: Database, worker: str = "w", now: float = 10.0, max_failures: int = 3) -> Job | None:
    with database.writing() as connection:
        return queue.claim(connection, worker, now=now, lease_s=LEASE_S, max_failures=max_failures)


def claimed(database: Database, worker: str = "w", now: float = 10.0) -> Job:
    job = claim(database, worker, now)
    assert job is not None
    return job


def see(database: Database, job: Job) -> Job:
    with database.reading() as connection:
        return jobs.get(connection, job.id, job.key_id)


def complete(database: Database, job: Job) -> bool:
    with database.writing() as connection:
        return queue.complete(
            connection,
            job,
            folder="f",
            content={},
            pixels_sha256="0",
            took_s=1.0,
            memory_bytes=1,
            disk_bytes=1,
            now=12.0,
            keep_s=100.0,
        )


def make_key(database: Database, running_jobs: int = 4) -> str:
    with database.writing() as connection:
        return keys.create(connection, "k", now=1.0, limits=Limits(running_jobs=running_jobs))[0].id


def test_nothing_to_do_is_nothing(database: Database) -> None:
    assert claim(database) is None
    with database.reading() as connection:
        assert not queue.is_work(connection, 10.0)


def test_the_oldest_comes_first_and_only_once(database: Database) -> None:
    first, second = submit(database, count=2)
    assert [claimed(database).id, claimed(database).id, claim(database)] == [first, second, None]


def test_priority_comes_before_age(database: Database) -> None:
    submit(database, priority=-10)
    (urgent,) = submit(database)
    assert claimed(database).id == urgent


def test_keys_take_turns(database: Database) -> None:
    many, few = make_key(database), make_key(database)
    submit(database, key_id=many, count=3)
    submit(database, key_id=few, count=1)
    order = []
    for now in (10.0, 11.0, 12.0, 13.0):
        job = claimed(database, now=now)
        order.append(job.key_id)
        complete(database, job)
    assert order == [many, few, many, many]


def test_a_key_paints_no_more_than_it_may(database: Database) -> None:
    key_id = make_key(database, running_jobs=1)
    submit(database, key_id=key_id, count=2)
    job = claimed(database)
    assert claim(database) is None
    complete(database, job)
    assert claim(database) is not None


def test_a_lease_is_kept_and_lapses(database: Database) -> None:
    submit(database)
    job = claimed(database, "slow")
    with database.writing() as connection:
        assert queue.keep(connection, job, now=19.0, lease_s=LEASE_S) is True
    assert claim(database, "other", now=28.0) is None
    again = claimed(database, "other", now=30.0)
    assert (again.id, again.attempt, again.failures) == (job.id, 2, 1)
    with database.writing() as connection:
        assert queue.keep(connection, job, now=31.0, lease_s=LEASE_S) is None


def test_who_lost_a_job_cannot_end_it(database: Database) -> None:
    submit(database)
    lost = claimed(database, "frozen")
    again = claimed(database, "other", now=30.0)
    assert not complete(database, lost)
    with database.writing() as connection:
        assert not queue.fail(connection, lost, code="x", message="x", now=31.0)
        queue.release(connection, lost, 31.0)
        queue.retry(connection, lost, message="x", now=31.0, max_failures=3)
    assert see(database, again).status == IN_PROGRESS
    assert complete(database, again)
    assert not complete(database, again)
    assert see(database, again).status == COMPLETED


def test_a_worker_killer_is_given_up(database: Database) -> None:
    submit(database)
    job = claimed(database)
    assert claim(database, now=30.0) is not None
    assert claim(database, now=50.0) is not None
    assert claim(database, now=70.0) is None
    assert (see(database, job).status, see(database, job).error_code) == (FAILED, "worker_lost")


def test_a_step_forward_forgives_what_was_before(database: Database) -> None:
    submit(database)
    job = None
    for now in (10.0, 30.0, 50.0, 70.0, 90.0):
        job = claimed(database, now=now)
        with database.writing() as connection:
            queue.advance(connection, job, step=job.step + 1, progress=9, forward=True, now=now + 1, lease_s=LEASE_S)
    assert job is not None
    assert (see(database, job).step, see(database, job).attempt, see(database, job).failures) == (5, 5, 0)


def test_an_error_on_our_side_is_tried_again_later(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        queue.retry(connection, job, message="no weights", now=11.0, max_failures=2)
    assert claim(database, now=12.0) is None
    again = claimed(database, now=14.0)
    with database.writing() as connection:
        queue.retry(connection, again, message="no weights", now=15.0, max_failures=2)
    assert see(database, job).status == FAILED
    assert "no weights" in str(see(database, job).error_message)
    with database.reading() as connection:
        assert connection.execute(select(ATTEMPTS.c.outcome).order_by(ATTEMPTS.c.number)).scalars().all() == [
            "retried",
            "failed",
        ]


def test_giving_back_is_no_failure(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        queue.release(connection, job, 11.0)
    assert (see(database, job).status, see(database, job).failures) == (QUEUED, 0)
    assert claimed(database, now=11.0).id == job.id


def test_a_cancelled_job_of_a_dead_worker_ends(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        jobs.cancel(connection, job, 11.0)
        assert queue.keep(connection, job, now=11.0, lease_s=LEASE_S) is False
    assert claim(database, now=40.0) is None
    assert see(database, job).error_code == CANCELLED


def test_workers_at_once_never_share_a_job(database: Database) -> None:
    submit(database, count=12)
    found: list[str] = []

    def take(worker: str) -> None:
        for _ in range(20):
            job = claim(database, worker)
            if job is not None:
                found.append(job.id)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 12


def test_a_job_is_a_value(database: Database, tmp_path: Path) -> None:
    submit(database)
    job = claimed(database)
    assert dataclasses.replace(job, progress=5).progress == 5


def test_a_search_of_a_long_queue_reads_its_index_alone(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL decides by its statistics")
    asked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *more: object) -> None:
        if "jobs.not_before <=" in statement:
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    assert claim(database) is None
    with database.reading() as connection:
        assert not queue.is_work(connection, 1.0)
    event.remove(Engine, "before_cursor_execute", note)
    with database.reading() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert str(plan[0][3]).startswith("SEARCH jobs USING COVERING INDEX jobs_queue"), plan
    assert len(asked) == 2
