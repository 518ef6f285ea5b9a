from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from ozora.errors import RequestError
from ozora.server import webhooks
from ozora.server.database import Database
from ozora.server.tables import DELIVERIES
from ozora.server.webhooks import EVENT_TYPES, RETRY_S, Endpoint

NOW = 1_800_000_000.0


@pytest.fixture
def endpoint(database: Database) -> Endpoint:
    with database.writing() as connection:
        return webhooks.add(
            connection, "local", name="n", url="https://x.org/", event_types=["video.completed"], now=NOW
        )


def test_an_event_goes_to_those_who_want_it(database: Database, endpoint: Endpoint) -> None:
    with database.writing() as connection:
        webhooks.announce(connection, "local", "video.failed", "video_1", NOW)
        webhooks.announce(connection, "other", "video.completed", "video_1", NOW)
        assert webhooks.claim(connection, NOW) is None
        webhooks.announce(connection, "local", "video.completed", "video_1", NOW)
        delivery = webhooks.claim(connection, NOW)
        assert webhooks.claim(connection, NOW) is None
    assert delivery is not None
    payload = json.loads(delivery.payload)
    assert (payload["type"], payload["data"]) == ("video.completed", {"id": "video_1"})
    assert payload["id"] == delivery.event_id


def test_the_signature_is_a_standard_one(database: Database, endpoint: Endpoint) -> None:
    import time

    now = time.time()
    with database.writing() as connection:
        old = endpoint.secret
        endpoint = webhooks.rotate(connection, endpoint, keep_old=True, now=now)
        webhooks.send_later(connection, endpoint, "video.completed", "video_1", now)
        delivery = webhooks.claim(connection, now)
    assert delivery is not None
    headers = webhooks.headers(delivery, now)
    for secret in (old, endpoint.secret):
        assert Webhook(secret).verify(delivery.payload, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(delivery.payload + " ", headers)
    assert " " not in webhooks.headers(delivery, now + 2 * 86400)["webhook-signature"]


def test_a_delivery_is_tried_again_and_given_up(database: Database, endpoint: Endpoint) -> None:
    now = NOW
    with database.writing() as connection:
        webhooks.send_later(connection, endpoint, "video.completed", "video_1", now)
        for number in range(len(RETRY_S) + 1):
            delivery = webhooks.claim(connection, now)
            assert delivery is not None, number
            webhooks.settle(connection, delivery, delivered=False, answer="500", now=now)
            now += RETRY_S[min(number, len(RETRY_S) - 1)]
        assert webhooks.claim(connection, now + 1e6) is None
        assert connection.execute(select(DELIVERIES.c.attempts)).scalar_one() == len(RETRY_S) + 1


def test_what_was_delivered_is_done(database: Database, endpoint: Endpoint) -> None:
    with database.writing() as connection:
        webhooks.send_later(connection, endpoint, "video.completed", "video_1", NOW)
        delivery = webhooks.claim(connection, NOW)
        assert delivery is not None
        webhooks.settle(connection, delivery, delivered=True, answer="200", now=NOW)
        assert webhooks.claim(connection, NOW + 1e6) is None


def test_endpoints_are_their_keys_own(database: Database, endpoint: Endpoint) -> None:
    with database.writing() as connection:
        with pytest.raises(RequestError) as refused:
            webhooks.get(connection, endpoint.id, "other")
        assert refused.value.status == 404
        changed = webhooks.change(
            connection, endpoint, name="m", url=endpoint.url, event_types=list(EVENT_TYPES), now=NOW
        )
        assert (changed.name, changed.event_types) == ("m", list(EVENT_TYPES))
        webhooks.remove(connection, endpoint)
        assert webhooks.all_of(connection, "local") == []
