from __future__ import annotations

import dataclasses
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.engine import Engine

from ozora.server import jobs, keys, queue
from ozora.server.clock import read_clock
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
            plan=job.plan,
            notes=["all is well"],
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
        assert queue.keep(connection, job, now=19.0, idle_s=9.0, lease_s=LEASE_S) == "held"
    assert claim(database, "other", now=28.0) is None
    again = claimed(database, "other", now=30.0)
    assert (again.id, again.attempt, again.failures) == (job.id, 2, 1)
    with database.writing() as connection:
        assert queue.keep(connection, job, now=31.0, idle_s=0.0, lease_s=LEASE_S) == "lost"


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
    assert see(database, again).status == COMPLETED


def test_who_did_not_hear_that_a_job_has_ended_may_ask_again(database: Database) -> None:
    """The answer to a commit may be lost, and the files must not be thought useless then."""
    submit(database)
    job = claimed(database)
    assert complete(database, job) and complete(database, job)
    with database.reading() as connection:
        assert connection.execute(select(ATTEMPTS.c.outcome)).scalars().all() == ["completed"]


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


def test_an_error_that_nobody_foresaw_is_tried_again_later(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        queue.retry(connection, job, message="no tensor", now=11.0, max_failures=2)
    assert claim(database, now=12.0) is None
    again = claimed(database, now=14.0)
    with database.writing() as connection:
        queue.retry(connection, again, message="no tensor", now=15.0, max_failures=2)
    assert see(database, job).status == FAILED
    assert "no tensor" in str(see(database, job).error_message)
    with database.reading() as connection:
        assert connection.execute(select(ATTEMPTS.c.outcome).order_by(ATTEMPTS.c.number)).scalars().all() == [
            "retried",
            "failed",
        ]


def postpone(database: Database, job: Job, now: float, *, at_once: bool = False) -> None:
    with database.writing() as connection:
        queue.postpone(connection, job, waits_for="no weights", detail="at /x", now=now, at_once=at_once)


def test_a_failure_of_ours_does_not_count_however_often(database: Database) -> None:
    submit(database)
    now = 10.0
    for number in range(40):
        job = claimed(database, now=now)
        assert job.waits_for is None
        postpone(database, job, now)
        waiting = see(database, job)
        assert (waiting.status, waiting.failures, waiting.waits_for) == (QUEUED, 0, "no weights")
        assert waiting.not_before - now == min(2.0 * 2**number, 512.0)
        now = waiting.not_before


def test_pauses_are_short_again_after_another_end(database: Database) -> None:
    submit(database)
    for now in (100.0, 1000.0, 2000.0):
        job = claimed(database, now=now)
        postpone(database, job, now)
    given = claimed(database, now=3000.0)
    with database.writing() as connection:
        queue.release(connection, given, 3000.0)
    job = claimed(database, now=4000.0)
    postpone(database, job, 4000.0)
    assert see(database, job).not_before == 4002.0


def test_a_job_need_not_pause_for_what_workers_wait_for(database: Database) -> None:
    submit(database)
    postpone(database, claimed(database), 11.0, at_once=True)
    assert claimed(database, now=11.0).attempt == 2


def test_a_step_that_takes_too_long_loses_the_job_though_the_heart_beats(database: Database) -> None:
    submit(database)
    job, holds = claimed(database), []
    for now in range(13, 120, 3):
        with database.writing() as connection:
            holds.append(queue.keep(connection, job, now=float(now), idle_s=now - 10.0, lease_s=LEASE_S))
    assert holds[0] == "held" and holds[-1] == "stuck"
    assert holds.index("stuck") == len([now for now in range(13, 120, 3) if now < 10 + 10 * LEASE_S])
    again = claimed(database, "other", now=121.0)
    assert (again.id, again.failures) == (job.id, 1)
    with database.writing() as connection:
        assert queue.keep(connection, job, now=121.0, idle_s=0.0, lease_s=LEASE_S) == "lost"
    assert queue.longest_step_s(again, lease_s=LEASE_S, patience=10.0) == 200.0  # the prediction may be wrong
    slow = dataclasses.replace(again, predicted_s=1000.0, failures=0)
    assert queue.longest_step_s(slow, lease_s=LEASE_S, patience=10.0) == 10_000.0


def test_a_step_gives_time_for_the_next(database: Database) -> None:
    submit(database)
    job = claimed(database)
    for now in (100.0, 190.0, 280.0):
        with database.writing() as connection:
            told = {"step": 1, "progress": 9, "forward": False, "now": now, "lease_s": LEASE_S}
            assert queue.advance(connection, job, **told) == "held"  # type: ignore[arg-type]
            assert queue.keep(connection, job, now=now + 80, idle_s=80.0, lease_s=LEASE_S) == "held"


def test_a_clock_that_jumps_back_freezes_nothing(database: Database) -> None:
    """Leases, pauses and turns of an hour ahead hold nothing up for more than two leases."""
    other = make_key(database)
    submit(database)
    held = claimed(database, now=3610.0)
    postpone(database, held, 3610.0)
    (second,) = submit(database, key_id=other)
    claimed(database, "dead", now=3611.0)
    with database.reading() as connection:
        assert queue.is_work(connection, 10.0)
    freed = claimed(database, now=10.0)
    assert freed.id == held.id
    assert claim(database, now=20.0) is None
    with database.writing() as connection:
        assert queue.keep(connection, freed, now=25.0, idle_s=15.0, lease_s=LEASE_S) == "held"
    assert claimed(database, now=31.0).id == second


def test_a_painter_that_hangs_while_the_clock_jumps_back_is_given_up(database: Database) -> None:
    submit(database)
    job = claimed(database, now=3600.0)
    with database.writing() as connection:
        assert queue.keep(connection, job, now=10.0, idle_s=99.0, lease_s=LEASE_S) == "held"
        assert queue.keep(connection, job, now=12.0, idle_s=101.0, lease_s=LEASE_S) == "stuck"


def test_a_key_that_was_served_by_a_clock_ahead_is_served_again(database: Database) -> None:
    early, late = make_key(database), make_key(database)
    submit(database, key_id=early, count=2)
    complete(database, claimed(database, now=3600.0))
    submit(database, key_id=late, count=2)
    order = []
    for now in (10.0, 11.0, 12.0):
        job = claimed(database, now=now)
        order.append(job.key_id)
        complete(database, job)
    assert early in order[:2]


def need(database: Database, memory_bytes: int) -> str:
    with database.writing() as connection:
        wanted = dataclasses.replace(draft(), predicted_memory_bytes=memory_bytes)
        return jobs.add(connection, wanted, 1.0).id


def take(database: Database, memory_bytes: int | None) -> str | None:
    with database.writing() as connection:
        job = queue.claim(connection, "w", now=10.0, lease_s=LEASE_S, max_failures=3, memory_bytes=memory_bytes)
    return None if job is None else job.id


def test_what_needs_more_memory_is_left_to_another_worker_and_says_so(database: Database) -> None:
    large, small = need(database, 900), need(database, 100)
    assert take(database, 500) == small
    assert take(database, 500) is None
    with database.reading() as connection:
        assert jobs.get(connection, large, LOCAL).waits_for == queue.FOR_MEMORY
    assert take(database, 1000) == large
    with database.reading() as connection:
        assert jobs.get(connection, large, LOCAL).waits_for is None


def test_any_job_is_taken_by_who_does_not_count_memory(database: Database) -> None:
    large = need(database, 10**15)
    assert take(database, None) == large


def test_those_whose_turn_it_is_say_why_nobody_comes(database: Database) -> None:
    key_id = make_key(database)
    first, second = submit(database, count=2)
    (other,) = submit(database, key_id=key_id)

    def said() -> list[str | None]:
        with database.reading() as connection:
            found = jobs.find(connection, [first, second, other])
        return [found[identity].waits_for for identity in (first, second, other)]

    with database.writing() as connection:
        queue.explain(connection, "the store is away", 10.0)
    assert said() == ["the store is away", None, "the store is away"]
    with database.writing() as connection:
        queue.explain(connection, None, 10.0)
    assert said() == [None, None, None]


def test_the_jobs_of_a_dead_process_are_known_by_its_mark(database: Database) -> None:
    submit(database, count=3)
    first = claimed(database, "host-1-abc")
    claimed(database, "host-2-xabc")
    claimed(database, "host-3-a_c")
    with database.reading() as connection:
        assert [job.id for job in queue.lost_with(connection, "abc")] == [first.id]


def test_two_machines_whose_clocks_differ_share_the_clock_of_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five minutes between them: the one ahead takes nothing from the other, the one behind need not wait."""
    with database.writing() as connection:
        jobs.add(connection, draft(), 1.0)
        true = read_clock(connection)
        assert abs(true - time.time()) < 5
    for ahead_s in (300.0, -300.0):
        with monkeypatch.context() as patch, database.writing() as connection:
            own = time.time() + ahead_s
            patch.setattr(time, "time", lambda own=own: own)
            assert abs(read_clock(connection) - true) < 60


def test_giving_back_is_no_failure(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        queue.release(connection, job, 11.0)
    assert (see(database, job).status, see(database, job).failures) == (QUEUED, 0)
    assert claimed(database, now=11.0).id == job.id


def test_a_job_that_was_cancelled_by_an_older_version_ends_with_its_lease(database: Database) -> None:
    submit(database)
    job = claimed(database)
    with database.writing() as connection:
        connection.execute(update(JOBS).values(cancel_requested=True))
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
            reads = [str(row[3]) for row in plan if " jobs" in str(row[3])]
            assert reads[0].startswith("SEARCH jobs USING COVERING INDEX jobs_queue"), plan
            assert all(read.startswith("SEARCH jobs USING ") for read in reads), plan
    assert len(asked) == 2
