"""``/v1/files``: pictures and lists of requests that are used by their id."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response, StreamingResponse

from ozora.errors import RequestError
from ozora.media.file_type import sniff_bytes
from ozora.server import files, idempotency
from ozora.server.access import Door
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.keys import Key, hold
from ozora.server.routes.bodies import body_schema
from ozora.server.routes.paging import Paging, page_of, paging
from ozora.server.trash import discard
from ozora.server.uploads import Upload


def file_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes of files."""
    router = APIRouter(prefix="/v1/files", tags=["files"])
    may_read, may_write = door.open("read"), door.open("write")

    @router.post("", openapi_extra=body_schema("file"))
    def create(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> dict[str, Any]:
        """Keep a file."""
        fields = read("file", body)
        upload, purpose = fields["file"], fields["purpose"]
        if not isinstance(upload, Upload):
            raise RequestError("send the file itself as multipart/form-data", param="file")
        if not purpose.replace("_", "").replace("-", "").isalnum() or len(purpose) > 40:
            raise RequestError('a purpose is a word, such as "user_data" or "batch"', param="purpose")
        token = idempotency.token_of(key.id, idempotency_key, "file", fields)
        with desk.database.reading() as connection:
            known = idempotency.made(connection, token, files.get, "file")
        if known is not None:
            return known.to_wire()
        identity, now = files.new_id(), time.time()
        desk.store.check_room(len(upload.data))
        with (
            files.keeping(desk.database, desk.store, identity, upload.data) as seal,
            desk.database.writing() as connection,
        ):
            hold(connection, key.id)
            known = idempotency.made(connection, token, files.get, "file")
            if known is not None:
                return known.to_wire()
            idempotency.remember(connection, token, identity, now)
            return files.add(
                connection,
                identity,
                key_id=key.id,
                name=upload.name,
                purpose=purpose,
                media_type=sniff_bytes(upload.data),
                seal=seal,
                now=now,
            ).to_wire()

    @router.get("")
    def list_files(
        purpose: str | None = None, key: Key = Depends(may_read), wanted: Paging = Depends(paging)
    ) -> dict[str, Any]:
        with desk.database.reading() as connection:
            found, more = files.page(
                connection,
                key.id,
                after=wanted.after,
                limit=wanted.limit,
                ascending=wanted.ascending,
                purpose=purpose,
            )
        return page_of([file.to_wire() for file in found], more)

    @router.get("/{file_id}")
    def retrieve(file_id: str, key: Key = Depends(may_read)) -> dict[str, Any]:
        with desk.database.reading() as connection:
            return files.get(connection, file_id, key.id).to_wire()

    @router.get("/{file_id}/content")
    def content(file_id: str, key: Key = Depends(may_read)) -> Response:
        """The bytes as they came, never to be shown as a page."""
        with desk.database.reading() as connection:
            file = files.get(connection, file_id, key.id)
        files.check_bytes(desk.store, file)
        return StreamingResponse(
            desk.store.chunks(file.path, 0, file.size_bytes),
            headers={
                "content-length": str(file.size_bytes),
                "content-disposition": "attachment",
                "x-content-type-options": "nosniff",
            },
            media_type="application/octet-stream",
        )

    @router.delete("/{file_id}")
    def delete(file_id: str, key: Key = Depends(may_write)) -> dict[str, Any]:
        with desk.database.writing() as connection:
            file = files.get(connection, file_id, key.id)
            files.remove(connection, file, time.time())
        discard(desk.store, file.path)
        return {"id": file_id, "object": "file", "deleted": True}

    return router
