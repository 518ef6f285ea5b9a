"""Batches: a file of JSON lines, each a request for a video, worked off behind everything else.

A line that is refused is a line of the error file and holds nobody up; so is a line whose video failed.
"""

from __future__ import annotations

import itertools
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, cast, exists, func, insert, or_, select, update

from ozora.errors import RequestError
from ozora.server import files, jobs
from ozora.server.cursors import number_of
from ozora.server.database import Database
from ozora.server.forms import parse_json
from ozora.server.jobs import COMPLETED, ENDED, FAILED, Job, job_of
from ozora.server.problems import Problem, problem_of
from ozora.server.seals import Seal
from ozora.server.store import Store
from ozora.server.tables import BATCHES, JOBS
from ozora.server.videos import video_of

ENDPOINT, WINDOW, WINDOW_S = "/v1/videos", "24h", 86400
MAX_LINES = 10_000
PRIORITY = -10
OUR_CODES = ("server_error", "worker_lost")  # of failed videos; the others are for the client to mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A row of the table; what has become of it is counted from its jobs and from the lines that were ``refused``.
    ``errors`` are of batches from before lines were refused one by one: such a batch has failed as a whole."""

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
    """How many lines of a batch have ended in each way; ``ended_at`` is when the last of all did."""

    completed: int = 0
    failed: int = 0
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request of a batch; ``number`` counts the lines of its file from 1."""

    number: int
    custom_id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line of a batch that no job comes of, and what its client is told."""

    number: int
    custom_id: str | None
    problem: Problem

    def to_dict(self) -> dict[str, Any]:
        """As it is kept in the row of the batch."""
        body = self.problem.to_dict()
        return {"line": self.number, "custom_id": self.custom_id, "status_code": self.problem.status, "body": body}


def read_lines(data: bytes) -> tuple[list[Line], list[Refusal]]:
    """The requests of a file, and the lines that are none. ``RequestError`` when it is no file of JSON lines at all."""
    if data.count(b"\n") > 2 * MAX_LINES:
        raise RequestError(f"a batch has 1 to {MAX_LINES} lines", param="input_file_id")
    raw_lines = [(number, raw) for number, raw in enumerate(data.splitlines(), start=1) if raw.strip()]
    if not 1 <= len(raw_lines) <= MAX_LINES:
        raise RequestError(f"a batch has 1 to {MAX_LINES} lines, not {len(raw_lines)}", param="input_file_id")
    objects = [(number, _parse(raw)) for number, raw in raw_lines]
    if all(found is None for _, found in objects):
        raise RequestError("the file has no line that is a JSON object; send JSON lines", param="input_file_id")
    lines: list[Line] = []
    refusals: list[Refusal] = []
    taken: set[str] = set()
    for number, found in objects:
        try:
            lines.append(_line(found, number, taken))
        except RequestError as error:
            named = (found or {}).get("custom_id")
            custom_id = named if isinstance(named, str) else None
            refusals.append(Refusal(number=number, custom_id=custom_id, problem=problem_of(error)))
    return lines, refusals


def add(
    connection: Connection,
    key_id: str,
    identity: str,
    *,
    input_file_id: str,
    metadata: dict[str, str],
    refusals: Sequence[Refusal],
    total: int,
    now: float,
) -> Batch:
    """A new batch of ``total`` lines, without its jobs."""
    connection.execute(
        insert(BATCHES).values(
            id=identity,
            key_id=key_id,
            input_file_id=input_file_id,
            window=WINDOW,
            metadata=metadata,
            errors=[],
            refused=[refusal.to_dict() for refusal in sorted(refusals, key=lambda refusal: refusal.number)],
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
    completed, failed = counts[COMPLETED][0], counts[FAILED][0] + len(batch.refused)
    is_over = not batch.errors and completed + failed == batch.total
    return Tally(
        completed=completed,
        failed=failed,
        ended_at=max(last for _, last in counts.values()) if is_over else None,
    )


def ended(connection: Connection, limit: int) -> list[Batch]:
    """Batches of any key whose lines have all ended, and whose results are not written yet."""
    jobs_of_it = JOBS.c.batch_id == BATCHES.c.id
    query = select(BATCHES).where(
        BATCHES.c.completed_at.is_(None),
        or_(exists().where(jobs_of_it), cast(BATCHES.c.refused, Text) != "[]"),
        ~exists().where(jobs_of_it, JOBS.c.status.not_in(ENDED)),
    )
    rows = connection.execute(query.order_by(BATCHES.c.number).limit(limit)).mappings()
    return [Batch(**dict(row)) for row in rows]


def settle(database: Database, store: Store, batch: Batch) -> Batch:
    """Write the results of a batch whose lines have all ended, once; the batch as it is then."""
    with database.reading() as connection:
        found = jobs_of(connection, batch)
    ended_at = max((job.completed_at or batch.created_at for job in found), default=batch.created_at)
    contents = {"output": results(found), "error": failures(batch, found)}
    identities = {kind: files.new_id() for kind, data in contents.items() if data}
    with ExitStack() as stack:
        seals = {
            kind: stack.enter_context(files.keeping(database, store, identity, contents[kind]))
            for kind, identity in identities.items()
        }
        connection = stack.enter_context(database.writing())
        lock = select(BATCHES.c.completed_at).where(BATCHES.c.id == batch.id).with_for_update()
        if connection.execute(lock).scalar_one() is not None:
            return get(connection, batch.id, batch.key_id)
        for kind, identity in identities.items():
            _add_file(connection, batch, kind, identity, seals[kind])
        return finish(
            connection,
            batch,
            output_file_id=identities.get("output"),
            error_file_id=identities.get("error"),
            ended_at=ended_at,
        )


def _add_file(connection: Connection, batch: Batch, kind: str, identity: str, seal: Seal) -> None:
    files.add(
        connection,
        identity,
        key_id=batch.key_id,
        name=f"{batch.id}.jsonl" if kind == "output" else f"{batch.id}_error.jsonl",
        purpose="batch_output",
        media_type="application/jsonl",
        seal=seal,
        now=time.time(),
    )


def cancel(connection: Connection, batch: Batch, now: float) -> Batch:
    """Stop what has not ended."""
    for job in jobs_of(connection, batch):
        if not job.is_ended and job.deleted_at is None:
            jobs.cancel(connection, job, now)
    connection.execute(
        update(BATCHES).where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None)).values(cancelled_at=now)
    )
    return get(connection, batch.id, batch.key_id)


def finish(
    connection: Connection, batch: Batch, *, output_file_id: str | None, error_file_id: str | None, ended_at: float
) -> Batch:
    """Note where the results are, and when the last line ended; the first to do so decides."""
    connection.execute(
        update(BATCHES)
        .where(BATCHES.c.id == batch.id, BATCHES.c.completed_at.is_(None))
        .values(output_file_id=output_file_id, error_file_id=error_file_id, completed_at=ended_at)
    )
    return get(connection, batch.id, batch.key_id)


def results(found: list[Job]) -> bytes:
    """The output file: a line for each request whose video is there; empty where there is none."""
    return _json_lines(
        _answer(_name(job), job.custom_id, 200, job.id, video_of(job)) for job in found if job.status == COMPLETED
    )


def failures(batch: Batch, found: list[Job]) -> bytes:
    """The error file: a line for each request that was refused, then for each whose video failed; empty where there is
    none."""
    refused = (
        _answer(
            f"batch_req_{batch.id.removeprefix('batch_')}_{item['line']}",
            item["custom_id"],
            item["status_code"],
            f"{batch.id}_line_{item['line']}",
            item["body"],
        )
        for item in batch.refused
    )
    failed = (
        _answer(_name(job), job.custom_id, _problem(job).status, job.id, _problem(job).to_dict())
        for job in found
        if job.status == FAILED
    )
    return _json_lines(itertools.chain(refused, failed))


def _problem(job: Job) -> Problem:
    """What a failed video would have been told as the answer of a request."""
    code = job.error_code or "server_error"
    return Problem(status=500 if code in OUR_CODES else 400, message=job.error_message or "", code=code)


def _name(job: Job) -> str:
    return f"batch_req_{job.id.removeprefix('video_')}"


def _answer(identity: str, custom_id: str | None, status: int, request_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """One line of a result file, as the SDKs know it."""
    response = {"status_code": status, "request_id": request_id, "body": body}
    return {"id": identity, "custom_id": custom_id, "response": response, "error": None}


def _json_lines(items: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


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


def _parse(raw: bytes) -> dict[str, Any] | None:
    """The object of a line; ``None`` when it is none."""
    try:
        data = parse_json(raw)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _line(data: dict[str, Any] | None, number: int, taken: set[str]) -> Line:
    """The request of a line; ``RequestError`` says what is wrong with it. ``taken`` are the custom_ids before it."""
    where = f"line {number}"
    if data is None:
        raise RequestError(f"{where} is no JSON object", param="input_file_id")
    custom_id = data.get("custom_id")
    if not isinstance(custom_id, str) or not 1 <= len(custom_id) <= 200:
        raise RequestError(f"{where} needs a custom_id of 1 to 200 characters", param="custom_id")
    if custom_id in taken:
        raise RequestError(f"{where} needs a custom_id of its own; another line has it", param="custom_id")
    taken.add(custom_id)
    if not isinstance(data.get("body"), dict):
        raise RequestError(f'{where} must have "custom_id", "method", "url" and "body"', param="body")
    if data.get("method") != "POST" or data.get("url") != ENDPOINT:
        raise RequestError(f"{where} must be a POST to {ENDPOINT}", param="url")
    return Line(number=number, custom_id=custom_id, body=data["body"])
