"""Who paints what: a worker claims a job for a while, keeps it by saying so, and gives it back or ends it.

A job belongs to (worker, attempt). Whoever has lost it can change nothing any more, so that a job ends once however
many workers die or freeze. An attempt that got no further than the one before counts as a failure; ``max_failures``
of them in a row end the job, so that a plan that kills its worker is not tried for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from ozora.server.jobs import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, QUEUED, Job, job_of
from ozora.server.tables import ATTEMPTS, JOBS, KEYS
from ozora.server.webhooks import announce

WAIT_S = (0.0, 2.0, 10.0, 60.0)  # before a job is tried again, by failures in a row


def is_work(connection: Connection, now: float) -> bool:
    """Whether a claim may find something; cheap, and takes no lock."""
    waiting = and_(JOBS.c.status == QUEUED, JOBS.c.not_before <= now)
    lapsed = and_(JOBS.c.status == IN_PROGRESS, JOBS.c.lease_until < now)
    return any(
        connection.execute(select(JOBS.c.number).where(condition).limit(1)).first() for condition in (waiting, lapsed)
    )


def claim(connection: Connection, worker: str, *, now: float, lease_s: float, max_failures: int) -> Job | None:
    """The job that is next: highest priority, then the key that has least, then the oldest."""
    reap(connection, now=now, max_failures=max_failures)
    chosen = _next(connection, now)
    if chosen is None:
        return None
    taken = connection.execute(
        update(JOBS)
        .where(JOBS.c.number == chosen, JOBS.c.status == QUEUED)
        .values(
            status=IN_PROGRESS,
            worker=worker,
            attempt=JOBS.c.attempt + 1,
            lease_until=now + lease_s,
            started_at=func.coalesce(JOBS.c.started_at, now),
        )
    )
    if not taken.rowcount:
        return None
    job = job_of(connection.execute(select(JOBS).where(JOBS.c.number == chosen)).mappings().one())
    connection.execute(update(KEYS).where(KEYS.c.id == job.key_id).values(served_at=now))
    connection.execute(
        insert(ATTEMPTS).values(job_id=job.id, number=job.attempt, worker=worker, started_at=now, first_step=job.step)
    )
    return job


def keep(connection: Connection, job: Job, *, now: float, lease_s: float) -> bool | None:
    """Hold a job for longer. ``True``: go on; ``False``: it is to be stopped; ``None``: it is lost."""
    row = connection.execute(select(JOBS.c.cancel_requested).where(_mine(job))).first()
    if row is None:
        return None
    connection.execute(update(JOBS).where(_mine(job)).values(lease_until=now + lease_s))
    return not row[0]


def advance(
    connection: Connection, job: Job, *, step: int, progress: int, forward: bool, now: float, lease_s: float
) -> bool | None:
    """As ``keep``, after a step; ``forward`` when it was saved and need not be painted again."""
    kept = keep(connection, job, now=now, lease_s=lease_s)
    if kept is not None:
        failures = {"failures": 0} if forward else {}
        connection.execute(update(JOBS).where(_mine(job)).values(step=step, progress=progress, **failures))
    return kept


def complete(
    connection: Connection,
    job: Job,
    *,
    folder: str,
    content: Mapping[str, Mapping[str, Any]],
    pixels_sha256: str,
    took_s: float,
    memory_bytes: int,
    disk_bytes: int,
    now: float,
    keep_s: float,
) -> bool:
    """End a job with its files; ``False`` when it was lost, and the files are of no use.

    ``content`` has the seal of each file in the ``folder``, by its name, so that a damaged one is known.
    """
    ended = connection.execute(
        update(JOBS)
        .where(_mine(job))
        .values(
            status=COMPLETED,
            progress=100,
            completed_at=now,
            expires_at=now + keep_s,
            folder=folder,
            content=dict(content),
            pixels_sha256=pixels_sha256,
            took_s=took_s,
            took_memory_bytes=memory_bytes,
            took_disk_bytes=disk_bytes,
            lease_until=None,
        )
    )
    if not ended.rowcount:
        return False
    _note(connection, job, "completed", None, now)
    announce(connection, job.key_id, "video.completed", job.id, now)
    return True


def fail(connection: Connection, job: Job, *, code: str, message: str, now: float) -> bool:
    """End a job with an error for its user; ``False`` when it was lost."""
    ended = connection.execute(
        update(JOBS)
        .where(_mine(job))
        .values(status=FAILED, error_code=code, error_message=message, completed_at=now, lease_until=None)
    )
    if not ended.rowcount:
        return False
    _note(connection, job, CANCELLED if code == CANCELLED else "failed", message, now)
    announce(connection, job.key_id, "video.failed", job.id, now)
    return True


def release(connection: Connection, job: Job, now: float) -> None:
    """Give a job back as it is, because the worker is to stop; this is no failure."""
    connection.execute(update(JOBS).where(_mine(job)).values(status=QUEUED, worker=None, lease_until=None))
    _note(connection, job, "released", None, now)


def retry(connection: Connection, job: Job, *, message: str, now: float, max_failures: int) -> None:
    """After an error on our side: the job waits and is tried again, or ends when that has happened too often."""
    row = connection.execute(select(JOBS).where(_mine(job))).mappings().first()
    if row is None:
        return
    present = job_of(row)
    failures = present.failures + 1
    if failures >= max_failures:
        fail(
            connection,
            job,
            code="server_error",
            message=f"the video could not be made in {failures} attempts: {message}",
            now=now,
        )
        return
    connection.execute(
        update(JOBS)
        .where(_mine(job))
        .values(
            status=QUEUED,
            worker=None,
            lease_until=None,
            failures=failures,
            not_before=now + WAIT_S[min(failures, len(WAIT_S) - 1)],
        )
    )
    _note(connection, job, "retried", message, now)


def reap(connection: Connection, *, now: float, max_failures: int) -> Sequence[str]:
    """Take the jobs of silent workers back into the queue; returns their ids."""
    query = select(JOBS).where(JOBS.c.status == IN_PROGRESS, JOBS.c.lease_until < now).with_for_update(skip_locked=True)
    lost = [job_of(row) for row in connection.execute(query).mappings()]
    for job in lost:
        if job.cancel_requested:
            fail(connection, job, code=CANCELLED, message="the job was cancelled", now=now)
        elif job.failures + 1 >= max_failures:
            message = f"the worker was lost {max_failures} times without a step forward; make the video smaller"
            fail(connection, job, code="worker_lost", message=message, now=now)
        else:
            connection.execute(
                update(JOBS)
                .where(_mine(job))
                .values(status=QUEUED, worker=None, lease_until=None, failures=job.failures + 1)
            )
            _note(connection, job, "lost", None, now)
    return [job.id for job in lost]


def _next(connection: Connection, now: float) -> int | None:
    """The number of the next job. Looks at one candidate for each key, not at every job."""
    ready = and_(JOBS.c.status == QUEUED, JOBS.c.not_before <= now)
    heads = connection.execute(
        select(JOBS.c.priority, JOBS.c.key_id, func.min(JOBS.c.number))
        .where(ready)
        .group_by(JOBS.c.priority, JOBS.c.key_id)
    ).all()
    if not heads:
        return None
    counted = select(JOBS.c.key_id, func.count()).where(JOBS.c.status == IN_PROGRESS).group_by(JOBS.c.key_id)
    running: dict[str, int] = {str(key): int(number) for key, number in connection.execute(counted)}
    known = select(KEYS.c.id, KEYS.c.running_jobs, KEYS.c.served_at).where(KEYS.c.id.in_({head[1] for head in heads}))
    keys = {str(key): (int(limit), float(served)) for key, limit, served in connection.execute(known)}
    open_heads = [
        (-int(priority), running.get(key, 0), keys[key][1], int(number))
        for priority, key, number in heads
        if running.get(key, 0) < keys[key][0]
    ]
    return min(open_heads)[-1] if open_heads else None


def _mine(job: Job) -> ColumnElement[bool]:
    return and_(
        JOBS.c.id == job.id,
        JOBS.c.status == IN_PROGRESS,
        JOBS.c.attempt == job.attempt,
        JOBS.c.worker == job.worker,
    )


def _note(connection: Connection, job: Job, outcome: str, detail: str | None, now: float) -> None:
    connection.execute(
        update(ATTEMPTS)
        .where(ATTEMPTS.c.job_id == job.id, ATTEMPTS.c.number == job.attempt)
        .values(ended_at=now, outcome=outcome, detail=detail)
    )
