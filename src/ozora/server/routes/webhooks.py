"""``/v1/webhook_endpoints``: where a key's events go."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Depends

from ozora.errors import RequestError, blaming
from ozora.server import webhooks
from ozora.server.access import Door
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.keys import Key
from ozora.server.remote import Policy, check_url, post, slot
from ozora.server.routes.bodies import body_schema
from ozora.server.routes.paging import page_of
from ozora.server.webhooks import EVENT_TYPES, Endpoint


def webhook_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes of webhook endpoints."""
    router = APIRouter(prefix="/v1", tags=["webhooks"])
    may = door.open("webhooks")

    @router.get("/webhook_event_types")
    def event_types(key: Key = Depends(may)) -> dict[str, Any]:
        return {"object": "list", "data": list(EVENT_TYPES)}

    @router.post("/webhook_endpoints", openapi_extra=body_schema("endpoint"))
    def create(key: Key = Depends(may), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        """A new endpoint; its secret is shown now and never again."""
        fields = read("endpoint", body)
        _check(fields["url"])
        with desk.database.writing() as connection:
            endpoint = webhooks.add(
                connection,
                key.id,
                name=fields.get("name", ""),
                url=fields["url"],
                event_types=_events(fields.get("event_types", list(EVENT_TYPES))),
                now=time.time(),
            )
        return {**_show(endpoint), "signing_secret": endpoint.secret}

    @router.get("/webhook_endpoints")
    def list_endpoints(key: Key = Depends(may)) -> dict[str, Any]:
        with desk.database.reading() as connection:
            return page_of([_show(endpoint) for endpoint in webhooks.all_of(connection, key.id)], False)

    @router.get("/webhook_endpoints/{endpoint_id}")
    def retrieve(endpoint_id: str, key: Key = Depends(may)) -> dict[str, Any]:
        with desk.database.reading() as connection:
            return _show(webhooks.get(connection, endpoint_id, key.id))

    @router.post("/webhook_endpoints/{endpoint_id}", openapi_extra=body_schema("change"))
    def change(endpoint_id: str, key: Key = Depends(may), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        fields = read("change", body)
        if "url" in fields:
            _check(fields["url"])
        with desk.database.writing() as connection:
            endpoint = webhooks.get(connection, endpoint_id, key.id)
            return _show(
                webhooks.change(
                    connection,
                    endpoint,
                    name=fields.get("name", endpoint.name),
                    url=fields.get("url", endpoint.url),
                    event_types=_events(fields.get("event_types", endpoint.event_types)),
                    now=time.time(),
                )
            )

    @router.delete("/webhook_endpoints/{endpoint_id}")
    def delete(endpoint_id: str, key: Key = Depends(may)) -> dict[str, Any]:
        with desk.database.writing() as connection:
            webhooks.remove(connection, webhooks.get(connection, endpoint_id, key.id))
        return {"id": endpoint_id, "object": "webhook_endpoint.deleted", "deleted": True}

    @router.post("/webhook_endpoints/{endpoint_id}/rotate_secret", openapi_extra=body_schema("rotate"))
    def rotate(endpoint_id: str, key: Key = Depends(may), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        keep = read("rotate", body).get("keep_old_secret_active_for_24_hours", False)
        with desk.database.writing() as connection:
            endpoint = webhooks.get(connection, endpoint_id, key.id)
            endpoint = webhooks.rotate(connection, endpoint, keep_old=keep, now=time.time())
        return {**_show(endpoint), "signing_secret": endpoint.secret}

    @router.post("/webhook_endpoints/{endpoint_id}/test", openapi_extra=body_schema("test"))
    def test(endpoint_id: str, key: Key = Depends(may), body: dict[str, Any] = Depends(read_body)) -> dict[str, Any]:
        """Send an event of a video that does not exist, now and once; says what the endpoint answers."""
        (event_type,) = _events([read("test", body).get("event_type", EVENT_TYPES[0])], "event_type")
        with desk.database.reading() as connection:
            endpoint = webhooks.get(connection, endpoint_id, key.id)
        now, policy = time.time(), Policy(private_hosts=desk.settings.private_hosts, max_bytes=65536, timeout_s=10.0)
        delivery = webhooks.draft(endpoint, event_type, "video_test", now)
        with slot():
            answer = post(endpoint.url, delivery.payload.encode(), webhooks.headers(delivery, now), policy)
        return {
            "object": "webhook_endpoint.test",
            "webhook_endpoint_id": endpoint.id,
            "event_id": delivery.event_id,
            "event_type": event_type,
            "status_code": answer.status,
            "success": True,  # as the SDKs have it: the call was made
        }

    def _check(url: str) -> None:
        with blaming("url"):
            check_url(url, desk.settings.private_hosts)

    return router


def _events(given: list[Any], param: str = "event_types") -> list[str]:
    there = ", ".join(EVENT_TYPES)
    if not given:
        raise RequestError(f"this list is empty; name at least one of: {there}", param=param)
    unknown = [str(name)[:40] for name in given if name not in EVENT_TYPES]
    if unknown:
        raise RequestError(f"there is no event {' '.join(unknown)}; there are: {there}", param=param)
    return list(dict.fromkeys(given))


def _show(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "created_at": int(endpoint.created_at),
        "updated_at": int(endpoint.updated_at),
        "signing_secret_hint": f"{endpoint.secret[:10]}...",
    }
