"""``/v1/batches``: many requests in one file."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from fastapi import APIRouter, Depends, Header

from ozora.errors import RequestError, UserError
from ozora.server import batches, files, idempotency
from ozora.server.access import Door
from ozora.server.batches import ENDPOINT, PRIORITY, WINDOW, Batch, Line, Refusal, batch_of, read_lines
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.jobs import Draft
from ozora.server.keys import Key, hold_all
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
    def create(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> dict[str, Any]:
        """Queue every line of a file; one that is refused is a line of the error file."""
        fields = read("batch", body)
        for name, only in (("endpoint", ENDPOINT), ("completion_window", WINDOW)):
            if fields[name] != only:
                raise RequestError(f"the {name} of a batch is {only}", param=name)
        metadata = _metadata(fields.get("metadata", {}))
        token = idempotency.token_of(key.id, idempotency_key, "batch", fields)
        with desk.database.reading() as connection:
            known = idempotency.find(connection, token)
        if known is not None:
            return retrieve(known, key)
        desk.health.require()
        with desk.database.reading() as connection:
            file = files.get(connection, fields["input_file_id"], key.id, "input_file_id")
        lines, refusals = read_lines(files.read_bytes(desk.store, file))
        identity, now = batches.new_id(), time.time()
        drafts: list[Draft] = []
        with undoing(desk, drafts):
            refusals += _prepare(identity, lines, key, drafts)
            with desk.database.writing() as connection:
                hold_all(connection, key.id)
                known = idempotency.find(connection, token)
                if known is None:
                    batches.add(
                        connection,
                        key.id,
                        identity,
                        input_file_id=file.id,
                        metadata=metadata,
                        refusals=refusals,
                        total=len(drafts) + len(refusals),
                        now=now,
                    )
                    idempotency.remember(connection, token, identity, now)
                    enter(connection, desk, key, drafts, now)
        if known is not None:
            discard(desk, drafts)
        return retrieve(known or identity, key)

    @router.get("")
    def list_batches(key: Key = Depends(may_read), wanted: Paging = Depends(paging)) -> dict[str, Any]:
        with desk.database.reading() as connection:
            found, more = batches.page(connection, key.id, after=wanted.after, limit=wanted.limit)
        return page_of(_show(found), more)

    @router.get("/{batch_id}")
    def retrieve(batch_id: str, key: Key = Depends(may_read)) -> dict[str, Any]:
        """A batch as it is now."""
        with desk.database.reading() as connection:
            batch = batches.get(connection, batch_id, key.id)
        return _show([batch])[0]

    @router.post("/{batch_id}/cancel")
    def cancel(batch_id: str, key: Key = Depends(may_write)) -> dict[str, Any]:
        retrieve(batch_id, key)  # one that has ended stays as it is
        with desk.database.writing() as connection:
            batches.cancel(connection, batches.get(connection, batch_id, key.id), time.time())
        return retrieve(batch_id, key)

    def _show(found: list[Batch]) -> list[dict[str, Any]]:
        """Batches on the wire; results are written when somebody first sees that one has ended."""
        with desk.database.reading() as connection:
            tallies = batches.tally(connection, found)
        shown = []
        for batch in found:
            is_due = batch.completed_at is None and tallies[batch.id].ended_at is not None
            shown.append(
                batch_of(batches.settle(desk.database, desk.store, batch) if is_due else batch, tallies[batch.id])
            )
        return shown

    def _prepare(identity: str, lines: list[Line], key: Key, drafts: list[Draft]) -> list[Refusal]:
        """Add the job of each line to ``drafts``; returns the lines that no job can come of."""
        refusals: list[Refusal] = []
        until = time.monotonic() + PREPARE_S
        for done, line in enumerate(lines):
            if time.monotonic() > until:
                message = f"{done} of {len(lines)} lines were checked in {PREPARE_S:g} seconds; send fewer"
                raise RequestError(message, param="input_file_id")
            try:
                draft = prepare(desk, key, "create", read("create", line.body))
            except UserError as error:
                refusals.append(Refusal(number=line.number, custom_id=line.custom_id, problem=problem_of(error)))
                continue
            drafts.append(dataclasses.replace(draft, priority=PRIORITY, batch_id=identity, custom_id=line.custom_id))
        return refusals

    return router


def _metadata(given: dict[str, Any]) -> dict[str, str]:
    fits = all(isinstance(value, str) and len(value) <= 512 and len(name) <= 64 for name, value in given.items())
    if len(given) > 16 or not fits:
        message = "metadata is up to 16 texts of up to 512 characters, under names of up to 64"
        raise RequestError(message, param="metadata")
    return given
