from __future__ import annotations

import httpx
from sqlalchemy import select

from ozora.server.database import Database
from ozora.server.tables import DELIVERIES

URL = "https://example.org/hook"


def test_an_endpoint_is_managed(client: httpx.Client, database: Database) -> None:
    made = client.post("/v1/webhook_endpoints", json={"url": URL, "event_types": ["video.completed"]}).json()
    secret = made.pop("signing_secret")
    assert secret.startswith("whsec_")
    where = f"/v1/webhook_endpoints/{made['id']}"
    assert client.get(where).json() == made
    assert client.get("/v1/webhook_endpoints").json()["data"] == [made]
    assert client.post(where, json={"name": "mine"}).json()["name"] == "mine"
    rotated = client.post(f"{where}/rotate_secret", json={"keep_old_secret_active_for_24_hours": True}).json()
    assert rotated["signing_secret"] != secret
    event = client.post(f"{where}/test", json={"event_type": "video.failed"}).json()["event_id"]
    with database.reading() as connection:
        assert event in connection.execute(select(DELIVERIES.c.event_id)).scalars().all()
    assert client.delete(where).json()["deleted"] is True
    assert client.get(where).status_code == 404


def test_what_cannot_be_an_endpoint(client: httpx.Client) -> None:
    for wrong in ({"url": "mail@x.org"}, {"url": URL, "event_types": ["video.born"]}, {"url": URL, "event_types": []}):
        assert client.post("/v1/webhook_endpoints", json=wrong).status_code == 400
    assert len(client.get("/v1/webhook_event_types").json()["data"]) == 2
