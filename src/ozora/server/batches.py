"""Batches: a file of JSON lines, each a request for a video, worked off behind everything else."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from ozora.errors import RequestError
from ozora.server import files, jobs
from ozora.server.cursors import number_of
from ozora.server.database import Database
from ozora.server.forms import parse_json
from ozora.server.jobs import COMPLETED, ENDED, FAILED, Job, job_of
from ozora.server.store import Store
from ozora.server.tables import BATCHES, JOBS
from ozora.server.videos import video_of

ENDPOINT, WINDOW, WINDOW_S = "/v1/videos", "24h", 86400
MAX_LINES = 10_000
PRIORITY = -10


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A row of the table; what has become of it is counted from its jobs."""

    number: int
    id: str
    key_id: str
    input_file_id: str
    output_file_id: str | None
    error_file_id: str | None
    window: str
    metadata: dict[str, str]
    errors: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    total: int
    created_at: float
    cancelled_at: float | None
    completed_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many jobs of a batch have ended in each way; ``ended_at`` is when the last of all did."""

    completed: int = 0
    failed: int = 0
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request of a batch."""

    custom_id: str
    body: dict[str, Any]


def read_lines(data: bytes) -> list[Line]:
    """The requests of a file; ``RequestError`` names the line that is wrong."""
    if data.count(b"\n") > 2 * MAX_LINES:
        raise RequestError(f"a batch has 1 to {MAX_LINES} lines", param="input_file_id")
    lines: list[Line] = []
    for number, raw in enumerate(data.splitlines(), start=1):
        if raw.strip():
            lines.append(_line(raw, number))
    if not 1 <= len(lines) <= MAX_LINES:
        raise RequestError(f"a batch has 1 to {MAX_LINES} lines, not {len(lines)}", param="input_file_id")
    if len({line.custom_id for line in lines}) != len(lines):
        raise RequestError("every line of a batch needs a custom_id of its own", param="input_file_id")
    return lines


def add(
    connection: Connection,
    key_id: str,
    identity: str,
    *,
    input_file_id: str,
    metadata: dict[str, str],
    errors: list[dict[str, Any]],
    total: int,
    now: float,
) -> Batch:
    """A new batch, without its jobs."""
    connection.execute(
        insert(BATCHES).values(
            id=identity,
            key_id=key_id,
            input_file_id=input_file_id,
            window=WINDOW,
            metadata=metadata,
            errors=errors,
            total=total,
            created_at=now,
        )
    )
    return get(connection, identity, key_id)


def new_id() -> str:
    return f"batch_{secrets.token_hex(12)}"


def get(connection: Connection, identity: str, key_id: str) -> Batch:
    """A key's own batch; ``RequestError`` (404) otherwise."""
    query = select(BATCHES).where(BATCHES.c.id == identity, BATCHES.c.key_id == key_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise RequestError(f"there is no batch '{identity[:60]}'", status=404, code="not_found")
    return Batch(**dict(row))


def page(connection: Connection, key_id: str, *, after: str | None, limit: int) -> tuple[list[Batch], bool]:
    """Up to ``limit`` of a key's batches, newest first, and whether there are more."""
    query = select(BATCHES).where(BATCHES.c.key_id == key_id)
    if after is not None:
        query = query.where(BATCHES.c.number < number_of(connection, BATCHES, after, key_id))
    rows = connection.execute(query.order_by(BATCHES.c.number.desc()).limit(limit + 1)).mappings()
    found = [Batch(**dict(row)) for row in rows]
    return found[:limit], len(found) > limit


def jobs_of(connection: Connection, batch: Batch) -> list[Job]:
    """The jobs of a batch in the order of its lines."""
    rows = connection.execute(select(JOBS).where(JOBS.c.batch_id == batch.id).order_by(JOBS.c.number)).mappings()
    return [job_of(row) for row in rows]


def tally(connection: Connection, found: list[Batch]) -> dict[str, Tally]:
    """What has become of the jobs of each batch, by its id; one query for all."""
    rows = connection.execute(
        select(JOBS.c.batch_id, JOBS.c.status, func.count(), func.max(JOBS.c.completed_at))
        .where(JOBS.c.batch_id.in_([batch.id for batch in found]), JOBS.c.status.in_(ENDED))
        .group_by(JOBS.c.batch_id, JOBS.c.status)
    ).all()
    ended = {(str(identity), str(status)): (int(number), float(last)) for identity, status, number, last in rows}
    return {batch.id: _tally(batch, ended) for batch in found}


def _tally(batch: Batch, ended: dict[tuple[str, str], tuple[int, float]]) -> Tally:
    counts = {status: ended.get((batch.id, status), (0, batch.created_at)) for status in ENDED}
    is_over = not batch.errors and sum(number for number, _ in counts.values()) == batch.total
    return Tally(
        completed=counts[COMPLETED][0],
        failed=counts[FAILED][0],
        ended_at=max(last for _, last in counts.values()) if is_over else None,
    )


def ended(connection: Connection, limit: int) -> list[Batch]:
    """Batches of any key whose jobs have all ended, and whose results are not written yet."""
    jobs_of_it = JOBS.c.batch_id == BATCHES.c.id
    query = select(BATCHES).where(
        BATCHES.c.completed_at.is_(None),
        exists().where(jobs_of_it),
        ~exists().where(jobs_of_it, JOBS.c.status.not_in(ENDED)),
    )
    rows = connection.execute(query.order_by(BATCHES.c.number).limit(limit)).mappings()
    return [Batch(**dict(row)) for row in rows]


def settle(database: Database, store: Store, batch: Batch) -> Batch:
    """Write the results of a batch whose jobs have all ended, once; the batch as it is then."""
    with database.reading() as connection:
        found = jobs_of(connection, batch)
    ended_at = max((job.completed_at or batch.created_at for job in found), default=batch.created_at)
    data, identity = results(found), files.new_id()
    with files.keeping(database, store, identity, data) as seal, database.writing() as connection:
        lock = select(BATCHES.c.completed_at).where(BATCHES.c.id == batch.id).with_for_update()
        if connection.execute(lock).scalar_one() is not None:
            return get(connection, batch.id, batch.key_id)
        files.add(
            connection,
            identity,
            key_id=batch.key_id,
            name=f"{batch.id}.jsonl",
            purpose="batch_output",
            media_type="application/jsonl",
            seal=seal,
            now=time.time(),
        )
        return finish(connection, batch, output_file_id=identity, ended_at=ended_at)


def cancel(connection: Connection, batch: Batch, now: float) -> Batch:
    """Stop what has not ended."""
    for job in jobs_of(connection, batch):
        if not job.is_ended and job.deleted_at is None:
            jobs.cancel(connection, job, now)
    connection.execute(
        update(BATCHES).where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None)).values(cancelled_at=now)
    )
    return get(connection, batch.id, batch.key_id)


def finish(connection: Connection, batch: Batch, *, output_file_id: str, ended_at: float) -> Batch:
    """Note where the results are, and when the last job ended; the first to do so decides."""
    connection.execute(
        update(BATCHES)
        .where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None))
        .values(output_file_id=output_file_id, completed_at=ended_at)
    )
    return get(connection, batch.id, batch.key_id)


def results(found: list[Job]) -> bytes:
    """The output file: a line for each request, with the video as it ended."""
    lines = [
        {
            "id": f"batch_req_{job.id.removeprefix('video_')}",
            "custom_id": job.custom_id,
            "response": {"status_code": 200, "request_id": job.id, "body": video_of(job)},
            "error": None,
        }
        for job in found
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def batch_of(batch: Batch, tally: Tally) -> dict[str, Any]:
    """The object of the SDKs."""
    cancelled, done = batch.cancelled_at is not None, batch.completed_at is not None
    going = "cancelling" if cancelled else "in_progress"
    status = "failed" if batch.errors else ("cancelled" if cancelled else "completed") if done else going
    created, ended = int(batch.created_at), None if batch.completed_at is None else int(batch.completed_at)
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": ENDPOINT,
        "errors": {"object": "list", "data": batch.errors} if batch.errors else None,
        "input_file_id": batch.input_file_id,
        "completion_window": batch.window,
        "status": status,
        "output_file_id": batch.output_file_id,
        "error_file_id": batch.error_file_id,
        "created_at": created,
        "in_progress_at": created,
        "expires_at": created + WINDOW_S,
        "completed_at": ended if status == "completed" else None,
        "failed_at": created if batch.errors else None,
        "cancelled_at": None if batch.cancelled_at is None else int(batch.cancelled_at),
        "request_counts": {"total": batch.total, "completed": tally.completed, "failed": tally.failed},
        "metadata": batch.metadata,
    }


def _line(raw: bytes, number: int) -> Line:
    where = f"line {number}"
    try:
        data = parse_json(raw)
    except (ValueError, RecursionError):
        raise RequestError(f"{where} is no JSON", param="input_file_id") from None
    if not isinstance(data, dict) or not isinstance(data.get("body"), dict):
        raise RequestError(f'{where} must have "custom_id", "method", "url" and "body"', param="input_file_id")
    if data.get("method") != "POST" or data.get("url") != ENDPOINT:
        raise RequestError(f"{where} must be a POST to {ENDPOINT}", param="input_file_id")
    custom_id = data.get("custom_id")
    if not isinstance(custom_id, str) or not 1 <= len(custom_id) <= 200:
        raise RequestError(f"{where} needs a custom_id of 1 to 200 characters", param="input_file_id")
    return Line(custom_id=custom_id, body=data["body"])
