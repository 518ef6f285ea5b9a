"""Who paints what: a worker claims a job for a while, keeps it by saying so, and gives it back or ends it.

A job belongs to (worker, attempt). Whoever has lost it can change nothing any more, so that a job ends once however
many workers die or freeze. An attempt that failed by the plan's own fault and got no further than the one before counts
as a failure, and ``max_failures`` of them in a row end the job. An attempt that failed by ours does not count: the job
waits, for as long as it takes.

A worker that says it is there but takes no step keeps a job only for a while (``longest_step_s``). All times are by the
clock of the database; one that jumps holds nothing up for longer than two leases, or the longest pause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update

from ozora.server.attempts import WAITED, begin_attempt, count_waits, end_attempt
from ozora.server.jobs import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, QUEUED, Job, job_of
from ozora.server.tables import JOBS, KEYS
from ozora.server.webhooks import announce

WAIT_S = (0.0, 2.0, 10.0, 60.0)  # before a job is tried again, by failures in a row
PAUSES_S = tuple(2.0 * 2**number for number in range(9))  # the same after failures of ours, when nobody knows why
LONGEST_PAUSE_S = max(*WAIT_S, *PAUSES_S)  # 512 seconds
PATIENCE = 10.0  # so many leases, or predicted times, a worker may take for one step
FOR_MEMORY = "the next server that has enough free memory paints it"

Hold = Literal["held", "stuck", "lost"]


def is_work(connection: Connection, now: float) -> bool:
    """Whether a claim may find something; cheap, and takes no lock."""
    waiting = and_(JOBS.c.status == QUEUED, JOBS.c.not_before <= now)
    frozen = and_(JOBS.c.status == QUEUED, JOBS.c.not_before > now + LONGEST_PAUSE_S)
    lapsed = and_(JOBS.c.status == IN_PROGRESS, JOBS.c.lease_until < now)
    found = (exists(select(JOBS.c.number).where(condition)) for condition in (waiting, frozen, lapsed))
    return bool(connection.execute(select(or_(*found))).scalar_one())


def claim(
    connection: Connection,
    worker: str,
    *,
    now: float,
    lease_s: float,
    max_failures: int,
    memory_bytes: int | None = None,
) -> Job | None:
    """The job that is next: highest priority, then the key that has least, then the oldest.

    What is thought to need more than ``memory_bytes`` is left to a worker that has them.
    """
    reap(connection, now=now, lease_s=lease_s, max_failures=max_failures)
    chosen = _next(connection, now, memory_bytes)
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
            stepped_at=now,
            waits_for=None,
        )
    )
    if not taken.rowcount:
        return None
    job = job_of(connection.execute(select(JOBS).where(JOBS.c.number == chosen)).mappings().one())
    connection.execute(update(KEYS).where(KEYS.c.id == job.key_id).values(served_at=now))
    begin_attempt(connection, job, worker, now)
    return job


def longest_step_s(job: Job, *, lease_s: float, patience: float) -> float:
    """So long a worker may take for one step. Twice as long after each failure, since the prediction may be wrong."""
    return float(patience * max(lease_s, job.predicted_s) * 2**job.failures)


def keep(
    connection: Connection, job: Job, *, now: float, idle_s: float, lease_s: float, patience: float = PATIENCE
) -> Hold:
    """Hold a job for longer. "stuck": it has taken no step for too long, and its lease ends; "lost": it is gone.

    ``idle_s`` is how long the last step is ago, by the worker's own steady clock.
    """
    end = now - idle_s + longest_step_s(job, lease_s=lease_s, patience=patience)
    told = {"lease_until": min(now + lease_s, end), "stepped_at": now - idle_s}
    if not connection.execute(update(JOBS).where(_mine(job)).values(told)).rowcount:
        return "lost"
    return "held" if now < end else "stuck"


def advance(
    connection: Connection, job: Job, *, step: int, progress: int, forward: bool, now: float, lease_s: float
) -> Hold:
    """Hold a job for longer after a step; ``forward`` when it was saved and need not be painted again."""
    failures = {"failures": 0} if forward else {}
    told = {"step": step, "progress": progress, "stepped_at": now, "lease_until": now + lease_s, **failures}
    return "held" if connection.execute(update(JOBS).where(_mine(job)).values(told)).rowcount else "lost"


def complete(
    connection: Connection,
    job: Job,
    *,
    folder: str,
    content: Mapping[str, Mapping[str, Any]],
    plan: Mapping[str, Any],
    pixels_sha256: str,
    notes: Sequence[str],
    took_s: float,
    memory_bytes: int,
    disk_bytes: int,
    now: float,
    keep_s: float,
) -> bool:
    """End a job with its files, the ``plan`` with the seed that was kept, and what its user is told; ``False`` when it
    was lost, and the files are of no use.

    ``content`` has the seal of each file in the ``folder``, by its name, so that a damaged one is known.
    Who asks again, since the answer to the first time was lost, is told the same as then.
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
            plan=dict(plan),
            pixels_sha256=pixels_sha256,
            notes=list(notes),
            took_s=took_s,
            took_memory_bytes=memory_bytes,
            took_disk_bytes=disk_bytes,
            lease_until=None,
        )
    )
    if not ended.rowcount:
        done = and_(JOBS.c.id == job.id, JOBS.c.status == COMPLETED, JOBS.c.folder == folder)
        return connection.execute(select(JOBS.c.number).where(done)).first() is not None
    end_attempt(connection, job, "completed", None, now)
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
    end_attempt(connection, job, CANCELLED if code == CANCELLED else "failed", message, now)
    announce(connection, job.key_id, "video.failed", job.id, now)
    return True


def release(connection: Connection, job: Job, now: float) -> None:
    """Give a job back as it is, because the worker is to stop; this is no failure."""
    if _give_back(connection, job, {}):
        end_attempt(connection, job, "released", None, now)


def postpone(
    connection: Connection,
    job: Job,
    *,
    waits_for: str,
    detail: str,
    now: float,
    at_once: bool = False,
    memory_bytes: int | None = None,
) -> None:
    """After a failure that is not the plan's: the job waits and is tried again for as long as it takes.

    ``waits_for`` is told to its user, ``detail`` to the operator. The pause grows with each time in a row, since what
    looks like our fault may not be; with ``at_once`` there is none, because what is wrong is known, and workers wait
    for it. ``memory_bytes`` is what the job is thought to need from now on.
    """
    pause_s = PAUSES_S[min(count_waits(connection, job), len(PAUSES_S) - 1)]
    needs = {} if memory_bytes is None else {"predicted_memory_bytes": memory_bytes}
    changes = {"waits_for": waits_for[:300], "not_before": now if at_once else now + pause_s, **needs}
    if _give_back(connection, job, changes):
        end_attempt(connection, job, WAITED, detail, now)


def retry(connection: Connection, job: Job, *, message: str, now: float, max_failures: int) -> None:
    """After a failure that may be the plan's: the job is tried again, or ends when that has happened too often."""
    row = connection.execute(select(JOBS).where(_mine(job))).mappings().first()
    if row is None:
        return
    failures = job_of(row).failures + 1
    if failures >= max_failures:
        said = f"the video could not be made in {failures} attempts: {message}"
        fail(connection, job, code="server_error", message=said, now=now)
        return
    pause_s = WAIT_S[min(failures, len(WAIT_S) - 1)]
    _give_back(connection, job, {"failures": failures, "not_before": now + pause_s})
    end_attempt(connection, job, "retried", message, now)


def explain(connection: Connection, waits_for: str | None, now: float) -> None:
    """Say of the jobs whose turn it is why no worker claims them, or (``None``) that nothing is in their way."""
    ready = and_(JOBS.c.status == QUEUED, JOBS.c.not_before <= now)
    if waits_for is None:
        connection.execute(update(JOBS).where(ready, JOBS.c.waits_for.is_not(None)).values(waits_for=None))
        return
    numbers = [number for _, _, number in _heads(connection, ready)]
    connection.execute(update(JOBS).where(JOBS.c.number.in_(numbers), ready).values(waits_for=waits_for[:300]))


def look(connection: Connection, identity: str) -> Job | None:
    """A job of any key as it is, though it was deleted."""
    row = connection.execute(select(JOBS).where(JOBS.c.id == identity)).mappings().first()
    return None if row is None else job_of(row)


def lost_with(connection: Connection, mark: str) -> list[Job]:
    """The jobs that are held by the workers whose name ends with ``mark``, which is that of one process."""
    theirs = and_(JOBS.c.status == IN_PROGRESS, JOBS.c.worker.endswith(f"-{mark}", autoescape=True))
    return [job_of(row) for row in connection.execute(select(JOBS).where(theirs)).mappings()]


def reap(connection: Connection, *, now: float, lease_s: float, max_failures: int) -> Sequence[str]:
    """Take the jobs of workers that are silent or stuck back into the queue; returns their ids."""
    _unfreeze(connection, now, lease_s)
    query = select(JOBS).where(JOBS.c.status == IN_PROGRESS, JOBS.c.lease_until < now).with_for_update(skip_locked=True)
    lost = [job_of(row) for row in connection.execute(query).mappings()]
    for job in lost:
        if job.cancel_requested:
            fail(connection, job, code=CANCELLED, message="the job was cancelled", now=now)
        elif job.failures + 1 >= max_failures:
            message = f"the worker was lost {max_failures} times without a step forward; make the video smaller"
            fail(connection, job, code="worker_lost", message=message, now=now)
        else:
            _give_back(connection, job, {"failures": job.failures + 1})
            end_attempt(connection, job, "lost", None, now)
    return [job.id for job in lost]


def _unfreeze(connection: Connection, now: float, lease_s: float) -> None:
    """After the clock has jumped back, times of before must not hold a job for as long as it jumped."""
    latest = now + 2 * lease_s
    held = and_(JOBS.c.status == IN_PROGRESS, JOBS.c.lease_until > latest)
    connection.execute(update(JOBS).where(held).values(lease_until=latest))
    paused = and_(JOBS.c.status == QUEUED, JOBS.c.not_before > now + LONGEST_PAUSE_S)
    connection.execute(update(JOBS).where(paused).values(not_before=now))
    connection.execute(update(KEYS).where(KEYS.c.served_at > now).values(served_at=now))


def _next(connection: Connection, now: float, memory_bytes: int | None) -> int | None:
    """The number of the next job. Looks at one candidate for each key, not at every job."""
    ready = and_(JOBS.c.status == QUEUED, JOBS.c.not_before <= now)
    heads = _heads(connection, ready)
    if memory_bytes is not None and (large := _larger(connection, heads, memory_bytes)):
        unsaid = and_(JOBS.c.number.in_(large), JOBS.c.waits_for.is_(None))
        connection.execute(update(JOBS).where(unsaid).values(waits_for=FOR_MEMORY))
        heads = _heads(connection, and_(ready, JOBS.c.predicted_memory_bytes <= memory_bytes))
    if not heads:
        return None
    counted = select(JOBS.c.key_id, func.count()).where(JOBS.c.status == IN_PROGRESS).group_by(JOBS.c.key_id)
    running: dict[str, int] = {str(key): int(number) for key, number in connection.execute(counted)}
    known = select(KEYS.c.id, KEYS.c.running_jobs, KEYS.c.served_at).where(KEYS.c.id.in_({head[1] for head in heads}))
    keys = {str(key): (int(limit), float(served)) for key, limit, served in connection.execute(known)}
    open_heads = [
        (-priority, running.get(key, 0), keys[key][1], number)
        for priority, key, number in heads
        if running.get(key, 0) < keys[key][0]
    ]
    return min(open_heads)[-1] if open_heads else None


def _heads(connection: Connection, ready: ColumnElement[bool]) -> list[tuple[int, str, int]]:
    """Priority, key and number of the oldest job of each key and priority."""
    query = select(JOBS.c.priority, JOBS.c.key_id, func.min(JOBS.c.number)).where(ready)
    rows = connection.execute(query.group_by(JOBS.c.priority, JOBS.c.key_id)).all()
    return [(int(priority), str(key), int(number)) for priority, key, number in rows]


def _larger(connection: Connection, heads: list[tuple[int, str, int]], memory_bytes: int) -> list[int]:
    """Those of the heads that need more memory."""
    large = and_(JOBS.c.number.in_([head[2] for head in heads]), JOBS.c.predicted_memory_bytes > memory_bytes)
    return list(connection.execute(select(JOBS.c.number).where(large)).scalars())


def _give_back(connection: Connection, job: Job, changes: dict[str, Any]) -> bool:
    """Put a job back into the queue with some changes; ``False`` when it was lost."""
    free = {"status": QUEUED, "worker": None, "lease_until": None, **changes}
    return bool(connection.execute(update(JOBS).where(_mine(job)).values(free)).rowcount)


def _mine(job: Job) -> ColumnElement[bool]:
    return and_(
        JOBS.c.id == job.id,
        JOBS.c.status == IN_PROGRESS,
        JOBS.c.attempt == job.attempt,
        JOBS.c.worker == job.worker,
    )
