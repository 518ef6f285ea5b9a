"""``/v1/models``: the names that a request may use."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from ozora.errors import RequestError, UnknownNameError
from ozora.server.access import Door
from ozora.server.desk import Desk
from ozora.server.keys import Key
from ozora.server.models import describe, list_models


def model_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes of models."""
    router = APIRouter(prefix="/v1/models", tags=["models"])
    may_read = door.open("read")

    @router.get("")
    def models(key: Key = Depends(may_read)) -> dict[str, Any]:
        return list_models(desk.settings.aliases)

    @router.get("/{name}")
    def model(name: str, key: Key = Depends(may_read)) -> dict[str, Any]:
        try:
            return describe(name, desk.settings.aliases)
        except UnknownNameError as error:
            raise RequestError(str(error), status=404, code="model_not_found", param="model") from error

    return router
