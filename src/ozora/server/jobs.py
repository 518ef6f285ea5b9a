"""A job: one plan that is to become a video, and everything that is known of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from ozora.errors import RequestError
from ozora.server.cursors import number_of
from ozora.server.tables import ATTEMPTS, JOBS
from ozora.server.webhooks import announce

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "queued", "in_progress", "completed", "failed"
ENDED = (COMPLETED, FAILED)
CANCELLED = "cancelled"  # an error code, not a status: old clients know the four above only


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job before it has a number: what was asked for, its plan, and what it is thought to need.

    ``characters`` are the ids of who plays in it, ``notes`` what its user is told; of several ``variants`` the best is
    kept.
    """

    key_id: str
    verb: str
    model: str
    prompt: str
    seconds: str
    size: str
    plan: dict[str, Any]
    predicted_s: float
    predicted_memory_bytes: int
    predicted_disk_bytes: int
    priority: int = 0
    parent_id: str | None = None
    batch_id: str | None = None
    custom_id: str | None = None
    characters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    variants: int = 1
    id: str = field(default_factory=lambda: f"video_{secrets.token_hex(16)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the table. ``step`` is the last one that was saved, ``attempt`` counts the workers that tried."""

    number: int
    id: str
    key_id: str
    status: str
    verb: str
    model: str
    prompt: str
    seconds: str
    size: str
    plan: dict[str, Any]
    parent_id: str | None
    batch_id: str | None
    custom_id: str | None
    priority: int
    progress: int
    step: int
    attempt: int
    failures: int
    cancel_requested: bool
    worker: str | None
    lease_until: float | None
    not_before: float
    created_at: float
    started_at: float | None
    completed_at: float | None
    expires_at: float | None
    deleted_at: float | None
    cleaned_at: float | None
    error_code: str | None
    error_message: str | None
    folder: str | None
    pixels_sha256: str | None
    predicted_s: float
    predicted_memory_bytes: int
    predicted_disk_bytes: int
    took_s: float | None
    took_memory_bytes: int | None
    took_disk_bytes: int | None
    characters: list[str]
    notes: list[str]
    content: dict[str, dict[str, Any]] | None
    waits_for: str | None
    stepped_at: float | None
    variants: int

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED


def job_of(row: RowMapping) -> Job:
    """The value of a row."""
    return Job(**dict(row))


def add(connection: Connection, draft: Draft, now: float) -> Job:
    """Put a job into the queue."""
    connection.execute(
        insert(JOBS).values(
            id=draft.id,
            status=QUEUED,
            created_at=now,
            key_id=draft.key_id,
            verb=draft.verb,
            model=draft.model,
            prompt=draft.prompt,
            seconds=draft.seconds,
            size=draft.size,
            plan=draft.plan,
            priority=draft.priority,
            parent_id=draft.parent_id,
            batch_id=draft.batch_id,
            custom_id=draft.custom_id,
            predicted_s=draft.predicted_s,
            predicted_memory_bytes=draft.predicted_memory_bytes,
            predicted_disk_bytes=draft.predicted_disk_bytes,
            characters=list(draft.characters),
            notes=list(draft.notes),
            variants=draft.variants,
        )
    )
    return get(connection, draft.id, draft.key_id)


def get(connection: Connection, identity: str, key_id: str, param: str = "video_id") -> Job:
    """A key's own job; ``RequestError`` (404) when there is none, or when it is another key's."""
    wanted = and_(JOBS.c.id == identity, JOBS.c.key_id == key_id, JOBS.c.deleted_at.is_(None))
    row = connection.execute(select(JOBS).where(wanted)).mappings().first()
    if row is None:
        raise absence(identity, param)
    return job_of(row)


def find(connection: Connection, identities: Collection[str]) -> dict[str, Job]:
    """The jobs of any key with these ids, but for those that were deleted."""
    query = select(JOBS).where(JOBS.c.id.in_(identities), JOBS.c.deleted_at.is_(None))
    return {row["id"]: job_of(row) for row in connection.execute(query).mappings()}


def absence(identity: str, param: str = "video_id") -> RequestError:
    """What is said of a job that is not there, or is another key's: the same."""
    return RequestError(f"there is no video '{identity[:60]}'", status=404, code="not_found", param=param)


def page(
    connection: Connection, key_id: str, *, after: str | None, limit: int, ascending: bool
) -> tuple[list[Job], bool]:
    """Up to ``limit`` of a key's jobs after the one named ``after``, and whether there are more."""
    query = select(JOBS).where(JOBS.c.key_id == key_id, JOBS.c.deleted_at.is_(None))
    if after is not None:
        start = number_of(connection, JOBS, after, key_id)
        query = query.where(JOBS.c.number > start if ascending else JOBS.c.number < start)
    query = query.order_by(JOBS.c.number.asc() if ascending else JOBS.c.number.desc()).limit(limit + 1)
    found = [job_of(row) for row in connection.execute(query).mappings()]
    return found[:limit], len(found) > limit


def cancel(connection: Connection, job: Job, now: float) -> Job:
    """End a job at once; whoever paints it finds that it is lost. An ended one stays as it is."""
    stopped = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job.id, JOBS.c.status.in_((QUEUED, IN_PROGRESS)))
        .values(
            status=FAILED,
            error_code=CANCELLED,
            error_message="the job was cancelled",
            completed_at=now,
            cancel_requested=True,
            lease_until=None,
            waits_for=None,
        )
    )
    if stopped.rowcount:
        running = and_(ATTEMPTS.c.job_id == job.id, ATTEMPTS.c.ended_at.is_(None))
        connection.execute(update(ATTEMPTS).where(running).values(ended_at=now, outcome=CANCELLED))
        announce(connection, job.key_id, "video.failed", job.id, now)
    return get(connection, job.id, job.key_id)


def delete(connection: Connection, job: Job, now: float) -> None:
    """Take a job out of sight, stopped if need be; housekeeping removes its files."""
    cancel(connection, job, now)
    connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(deleted_at=now))


def count(connection: Connection) -> dict[str, int]:
    """How many jobs there are of each status."""
    rows = connection.execute(select(JOBS.c.status, func.count()).group_by(JOBS.c.status)).all()
    return {str(status): int(number) for status, number in rows}


def num_queued(connection: Connection, key_id: str | None = None) -> int:
    """How many jobs wait, of one key or of all."""
    own = [] if key_id is None else [JOBS.c.key_id == key_id]
    return int(connection.execute(select(func.count()).where(JOBS.c.status == QUEUED, *own)).scalar_one())


def seconds_since(connection: Connection, key_id: str, since: float) -> float:
    """Seconds of video that a key asked for since a time, each variant counted, without what failed."""
    wanted = and_(JOBS.c.key_id == key_id, JOBS.c.created_at >= since, JOBS.c.status != FAILED)
    rows = connection.execute(select(JOBS.c.seconds, JOBS.c.variants).where(wanted))
    return sum((float(seconds) * int(variants) for seconds, variants in rows), 0.0)
