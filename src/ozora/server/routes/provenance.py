"""``/v1/content_provenance_checks``: whether a file was made here, and whether it is as it left."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Depends

from ozora.errors import RequestError
from ozora.server import files, provenance
from ozora.server.access import Door
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.keys import Key
from ozora.server.routes.bodies import body_schema
from ozora.server.uploads import Upload


def provenance_routes(desk: Desk, door: Door) -> APIRouter:
    """The route of provenance checks."""
    router = APIRouter(prefix="/v1/content_provenance_checks", tags=["provenance"])
    may_read = door.open("read", counted=True)

    @router.post("", openapi_extra=body_schema("provenance"))
    def create(key: Key = Depends(may_read), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        """Say where a file comes from: signed and intact, ours but stripped or edited, or unknown."""
        verdict = provenance.check(_data(read("provenance", body), key), key.id)
        with desk.database.reading() as connection:
            own = provenance.is_own(connection, verdict, key.id)
        return provenance.check_of(verdict, own=own, now=time.time())

    def _data(fields: dict[str, Any], key: Key) -> bytes:
        source: Upload | dict[str, Any] | None = fields.get("file")
        identity: str | None = fields.get("file_id")
        if isinstance(source, dict) and set(source) == {"file_id"} and identity is None:
            identity, source = str(source["file_id"]), None
        if isinstance(source, Upload) and identity is None:
            return source.data
        if source is not None or identity is None:
            raise RequestError("give the file itself as multipart/form-data, or a file_id", param="file")
        with desk.database.reading() as connection:
            file = files.get(connection, identity, key.id, "file_id")
        return files.read_bytes(desk.store, file)

    return router
