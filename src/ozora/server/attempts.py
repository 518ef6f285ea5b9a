"""What each worker made of a job: one row for every claim, kept when the job has ended."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from ozora.server.jobs import Job
from ozora.server.tables import ATTEMPTS

WAITED = "waited"  # the outcome of an attempt that failed for no fault of its plan
_LOOK_BACK = 32


def begin_attempt(connection: Connection, job: Job, worker: str, now: float) -> None:
    """Note that a worker has claimed a job."""
    connection.execute(
        insert(ATTEMPTS).values(job_id=job.id, number=job.attempt, worker=worker, started_at=now, first_step=job.step)
    )


def end_attempt(connection: Connection, job: Job, outcome: str, detail: str | None, now: float) -> None:
    """Note what became of the present attempt. ``detail`` is for the operator."""
    connection.execute(
        update(ATTEMPTS)
        .where(ATTEMPTS.c.job_id == job.id, ATTEMPTS.c.number == job.attempt)
        .values(ended_at=now, outcome=outcome, detail=detail)
    )


def count_waits(connection: Connection, job: Job) -> int:
    """How many attempts in a row, up to the last that ended, failed for no fault of the plan; at most 32."""
    query = select(ATTEMPTS.c.outcome).where(ATTEMPTS.c.job_id == job.id, ATTEMPTS.c.outcome.is_not(None))
    outcomes = connection.execute(query.order_by(ATTEMPTS.c.number.desc()).limit(_LOOK_BACK)).scalars().all()
    return next((number for number, outcome in enumerate(outcomes) if outcome != WAITED), len(outcomes))
