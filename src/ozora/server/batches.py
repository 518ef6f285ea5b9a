"""Batches: a file of JSON lines, each a request for a video, worked off behind everything else."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ozora.errors import RequestError
from ozora.server import jobs
from ozora.server.forms import parse_json
from ozora.server.jobs import COMPLETED, FAILED, Job, job_of
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
    total: int
    created_at: float
    cancelled_at: float | None
    completed_at: float | None


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
        query = query.where(BATCHES.c.number < get(connection, after, key_id).number)
    rows = connection.execute(query.order_by(BATCHES.c.number.desc()).limit(limit + 1)).mappings()
    found = [Batch(**dict(row)) for row in rows]
    return found[:limit], len(found) > limit


def jobs_of(connection: Connection, batch: Batch) -> list[Job]:
    """The jobs of a batch in the order of its lines."""
    rows = connection.execute(select(JOBS).where(JOBS.c.batch_id == batch.id).order_by(JOBS.c.number)).mappings()
    return [job_of(row) for row in rows]


def cancel(connection: Connection, batch: Batch, now: float) -> Batch:
    """Stop what has not ended."""
    for job in jobs_of(connection, batch):
        if not job.is_ended and job.deleted_at is None:
            jobs.cancel(connection, job, now)
    connection.execute(
        update(BATCHES).where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None)).values(cancelled_at=now)
    )
    return get(connection, batch.id, batch.key_id)


def finish(connection: Connection, batch: Batch, *, output_file_id: str, now: float) -> Batch:
    """Note where the results are; the first to do so decides."""
    connection.execute(
        update(BATCHES)
        .where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None))
        .values(output_file_id=output_file_id, completed_at=now)
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


def batch_of(batch: Batch, found: list[Job]) -> dict[str, Any]:
    """The object of the SDKs."""
    completed, failed = (sum(job.status == status for job in found) for status in (COMPLETED, FAILED))
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
        "request_counts": {"total": batch.total, "completed": completed, "failed": failed},
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
