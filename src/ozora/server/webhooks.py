"""Webhooks: endpoints of a key, and the deliveries to them, signed as Standard Webhooks (standardwebhooks.com).

An event is written down in the transaction that makes it true, once for each endpoint that wants it, and sent later.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, insert, select, update
from standardwebhooks import Webhook

from ozora.errors import RequestError
from ozora.server.keys import hold
from ozora.server.tables import DELIVERIES, ENDPOINTS

EVENT_TYPES = ("video.completed", "video.failed")
MAX_ENDPOINTS = 20
OLD_SECRET_S = 86400.0
CLAIM_S = 60.0
RETRY_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 57600.0, 86400.0)  # 56 hours in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a key wants its events. ``old_secret`` signs as well until ``old_until``."""

    number: int
    id: str
    key_id: str
    name: str
    url: str
    event_types: list[str]
    secret: str
    old_secret: str | None
    old_until: float | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint."""

    number: int
    event_id: str
    payload: str
    attempts: int
    endpoint: Endpoint


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def add(connection: Connection, key_id: str, *, name: str, url: str, event_types: list[str], now: float) -> Endpoint:
    """A new endpoint with a new secret; ``RequestError`` when the key has too many."""
    hold(connection, key_id)
    if len(all_of(connection, key_id)) >= MAX_ENDPOINTS:
        raise RequestError(f"a key can have {MAX_ENDPOINTS} webhook endpoints; delete one first")
    identity = f"we_{secrets.token_hex(12)}"
    connection.execute(
        insert(ENDPOINTS).values(
            id=identity,
            key_id=key_id,
            name=name,
            url=url,
            event_types=event_types,
            secret=new_secret(),
            created_at=now,
            updated_at=now,
        )
    )
    return get(connection, identity, key_id)


def all_of(connection: Connection, key_id: str) -> list[Endpoint]:
    """A key's endpoints, oldest first."""
    query = select(ENDPOINTS).where(ENDPOINTS.c.key_id == key_id).order_by(ENDPOINTS.c.number)
    return [Endpoint(**dict(row)) for row in connection.execute(query).mappings()]


def get(connection: Connection, identity: str, key_id: str) -> Endpoint:
    """A key's own endpoint; ``RequestError`` (404) otherwise."""
    for endpoint in all_of(connection, key_id):
        if endpoint.id == identity:
            return endpoint
    raise RequestError(f"there is no webhook endpoint '{identity[:60]}'", status=404, code="not_found")


def change(
    connection: Connection, endpoint: Endpoint, *, name: str, url: str, event_types: list[str], now: float
) -> Endpoint:
    """Give an endpoint another name, address or choice of events."""
    connection.execute(
        update(ENDPOINTS)
        .where(ENDPOINTS.c.id == endpoint.id)
        .values(name=name, url=url, event_types=event_types, updated_at=now)
    )
    return get(connection, endpoint.id, endpoint.key_id)


def rotate(connection: Connection, endpoint: Endpoint, *, keep_old: bool, now: float) -> Endpoint:
    """A new secret; the old one signs beside it for a day if ``keep_old``."""
    connection.execute(
        update(ENDPOINTS)
        .where(ENDPOINTS.c.id == endpoint.id)
        .values(
            secret=new_secret(),
            old_secret=endpoint.secret if keep_old else None,
            old_until=now + OLD_SECRET_S if keep_old else None,
            updated_at=now,
        )
    )
    return get(connection, endpoint.id, endpoint.key_id)


def remove(connection: Connection, endpoint: Endpoint) -> None:
    connection.execute(delete(ENDPOINTS).where(ENDPOINTS.c.id == endpoint.id))
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.endpoint_id == endpoint.id))


def announce(connection: Connection, key_id: str, event_type: str, video_id: str, now: float) -> None:
    """Write an event down for every endpoint of the key that wants it."""
    for endpoint in all_of(connection, key_id):
        if event_type in endpoint.event_types:
            send_later(connection, endpoint, event_type, video_id, now)


def send_later(connection: Connection, endpoint: Endpoint, event_type: str, video_id: str, now: float) -> str:
    """Write down one delivery; returns the id of the event."""
    delivery = draft(endpoint, event_type, video_id, now)
    connection.execute(
        insert(DELIVERIES).values(
            event_id=delivery.event_id,
            endpoint_id=endpoint.id,
            type=event_type,
            payload=delivery.payload,
            created_at=now,
            next_at=now,
        )
    )
    return delivery.event_id


def draft(endpoint: Endpoint, event_type: str, video_id: str, now: float) -> Delivery:
    """A delivery that is written down nowhere; its number is 0."""
    event_id = f"evt_{secrets.token_hex(16)}"
    payload = {
        "id": event_id,
        "object": "event",
        "created_at": int(now),
        "type": event_type,
        "data": {"id": video_id},
    }
    text = json.dumps(payload, separators=(",", ":"))
    return Delivery(number=0, event_id=event_id, payload=text, attempts=0, endpoint=endpoint)


def claim(connection: Connection, now: float) -> Delivery | None:
    """The next delivery that is due; nobody else gets it for ``CLAIM_S`` seconds."""
    query = (
        select(
            DELIVERIES.c.number,
            DELIVERIES.c.event_id,
            DELIVERIES.c.payload,
            DELIVERIES.c.attempts,
            DELIVERIES.c.endpoint_id,
        )
        .where(DELIVERIES.c.next_at <= now)
        .order_by(DELIVERIES.c.attempts, DELIVERIES.c.next_at)  # what has failed before waits for what is new
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    claimed = connection.execute(
        update(DELIVERIES)
        .where(and_(DELIVERIES.c.number == row["number"], DELIVERIES.c.next_at <= now))
        .values(next_at=now + CLAIM_S)
    )
    found = connection.execute(select(ENDPOINTS).where(ENDPOINTS.c.id == row["endpoint_id"])).mappings().first()
    if not claimed.rowcount or found is None:
        return None
    return Delivery(
        number=row["number"],
        event_id=row["event_id"],
        payload=row["payload"],
        attempts=row["attempts"],
        endpoint=Endpoint(**dict(found)),
    )


def settle(connection: Connection, delivery: Delivery, *, delivered: bool, answer: str, now: float) -> None:
    """What became of an attempt: done, to be tried again, or given up after the last of ``RETRY_S``."""
    later = None
    if not delivered and delivery.attempts < len(RETRY_S):
        later = now + RETRY_S[delivery.attempts]
    connection.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.number == delivery.number)
        .values(
            attempts=delivery.attempts + 1,
            next_at=later,
            delivered_at=now if delivered else None,
            answer=answer[:500],
        )
    )


def headers(delivery: Delivery, now: float) -> dict[str, str]:
    """The headers of an attempt; two signatures while two secrets are in use."""
    endpoint = delivery.endpoint
    known = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_until and endpoint.old_until > now:
        known.append(endpoint.old_secret)
    moment = datetime.fromtimestamp(int(now), tz=UTC)
    signatures = [Webhook(secret).sign(delivery.event_id, moment, delivery.payload) for secret in known]
    return {
        "content-type": "application/json",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }
