"""``/v1/batches``: many requests in one file."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from ozora.errors import RequestError, UserError
from ozora.server import batches, files
from ozora.server.access import Door
from ozora.server.batches import ENDPOINT, PRIORITY, WINDOW, Batch, Line, batch_of, read_lines
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.jobs import Draft
from ozora.server.keys import Key
from ozora.server.problems import problem_of
from ozora.server.routes.bodies import body_schema
from ozora.server.routes.paging import Paging, page_of, paging
from ozora.server.submission import discard, enter, prepare, undoing

PREPARE_S = 300.0  # of one request: each line may name a picture of a slow server


def batch_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes of batches."""
    router = APIRouter(prefix="/v1/batches", tags=["batches"])
    may_read, may_write = door.open("read"), door.open("write")

    @router.post("", openapi_extra=body_schema("batch"))
    def create(key: Key = Depends(may_write), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        """Queue every line of a file; one wrong line fails the batch before anything starts."""
        fields = read("batch", body)
        if fields["endpoint"] != ENDPOINT or fields["completion_window"] != WINDOW:
            raise RequestError(f"a batch has endpoint {ENDPOINT} and completion_window {WINDOW}", param="endpoint")
        metadata = _metadata(fields.get("metadata", {}))
        with desk.database.reading() as connection:
            file = files.get(connection, fields["input_file_id"], key.id, "input_file_id")
        lines = read_lines(desk.store.read(file.path))
        identity, now = batches.new_id(), time.time()
        drafts, errors = _prepare(identity, lines, key)
        if errors:
            discard(desk, drafts)
        with undoing(desk, drafts), desk.database.writing() as connection:
            batch = batches.add(
                connection,
                key.id,
                identity,
                input_file_id=file.id,
                metadata=metadata,
                errors=errors,
                total=len(lines),
                now=now,
            )
            if not errors:
                enter(connection, desk, key, drafts, now)
            return _show(connection, batch)

    @router.get("")
    def list_batches(key: Key = Depends(may_read), wanted: Paging = Depends(paging)) -> dict[str, Any]:
        with desk.database.reading() as connection:
            found, more = batches.page(connection, key.id, after=wanted.after, limit=wanted.limit)
            return page_of([_show(connection, batch) for batch in found], more)

    @router.get("/{batch_id}")
    def retrieve(batch_id: str, key: Key = Depends(may_read)) -> dict[str, Any]:
        """A batch as it is now; its results are written when somebody first sees that it has ended."""
        with desk.database.reading() as connection:
            batch = batches.get(connection, batch_id, key.id)
            found = batches.jobs_of(connection, batch)
        if batch.completed_at is None and not batch.errors and all(job.is_ended for job in found):
            batch = _finish(batch)
        return batch_of(batch, found)

    @router.post("/{batch_id}/cancel")
    def cancel(batch_id: str, key: Key = Depends(may_write)) -> dict[str, Any]:
        with desk.database.writing() as connection:
            batch = batches.cancel(connection, batches.get(connection, batch_id, key.id), time.time())
            return _show(connection, batch)

    def _prepare(identity: str, lines: list[Line], key: Key) -> tuple[list[Draft], list[dict[str, Any]]]:
        drafts: list[Draft] = []
        errors: list[dict[str, Any]] = []
        until = time.monotonic() + PREPARE_S
        for number, line in enumerate(lines, start=1):
            if time.monotonic() > until:
                discard(desk, drafts)
                message = f"{number - 1} of {len(lines)} lines were checked in {PREPARE_S:g} seconds; send fewer"
                raise RequestError(message, param="input_file_id")
            try:
                draft = prepare(desk, key, "create", read("create", line.body))
            except UserError as error:
                said = problem_of(error)
                errors.append({"line": number, "code": said.code, "message": said.message, "param": said.param})
                continue
            drafts.append(dataclasses.replace(draft, priority=PRIORITY, batch_id=identity, custom_id=line.custom_id))
        return drafts, errors

    def _finish(batch: Batch) -> Batch:
        now, identity = time.time(), files.new_id()
        with desk.database.writing() as connection:
            batch = batches.get(connection, batch.id, batch.key_id)
            if batch.completed_at is not None:
                return batch
            data = batches.results(batches.jobs_of(connection, batch))
            desk.store.write(files.path_of(identity), data)
            files.add(
                connection,
                identity,
                key_id=batch.key_id,
                name=f"{batch.id}.jsonl",
                purpose="batch_output",
                media_type="application/jsonl",
                size_bytes=len(data),
                now=now,
            )
            return batches.finish(connection, batch, output_file_id=identity, now=now)

    return router


def _show(connection: Connection, batch: Batch) -> dict[str, Any]:
    return batch_of(batch, batches.jobs_of(connection, batch))


def _metadata(given: dict[str, Any]) -> dict[str, str]:
    fits = all(isinstance(value, str) and len(value) <= 512 and len(name) <= 64 for name, value in given.items())
    if len(given) > 16 or not fits:
        message = "metadata is up to 16 texts of up to 512 characters, under names of up to 64"
        raise RequestError(message, param="metadata")
    return given
