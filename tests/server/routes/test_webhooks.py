from __future__ import annotations

import httpx
from standardwebhooks import Webhook

from tests.server.ear import Receiver

URL = "https://example.org/hook"


def test_an_endpoint_is_managed(client: httpx.Client) -> None:
    made = client.post("/v1/webhook_endpoints", json={"url": URL, "event_types": ["video.completed"]}).json()
    secret = made.pop("signing_secret")
    assert secret.startswith("whsec_")
    where = f"/v1/webhook_endpoints/{made['id']}"
    assert client.get(where).json() == made
    assert client.get("/v1/webhook_endpoints").json()["data"] == [made]
    assert client.post(where, json={"name": "mine"}).json()["name"] == "mine"
    rotated = client.post(f"{where}/rotate_secret", json={"keep_old_secret_active_for_24_hours": True}).json()
    assert rotated["signing_secret"] != secret
    assert client.delete(where).json()["deleted"] is True
    assert client.get(where).status_code == 404


def test_what_cannot_be_an_endpoint(client: httpx.Client) -> None:
    for wrong in ({"url": "mail@x.org"}, {"url": URL, "event_types": ["video.born"]}, {"url": URL, "event_types": []}):
        assert client.post("/v1/webhook_endpoints", json=wrong).status_code == 400
    assert client.get("/v1/webhook_event_types").json()["data"] == ["video.completed", "video.failed"]


def test_an_endpoint_that_can_never_be_reached_is_refused(client: httpx.Client) -> None:
    made = client.post("/v1/webhook_endpoints", json={"url": URL}).json()["id"]
    for path in ("/v1/webhook_endpoints", f"/v1/webhook_endpoints/{made}"):
        for url in ("http://[::1]:1/", "http://10.0.0.1/", "mail@x.org"):
            answer = client.post(path, json={"url": url})
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_url", "url"), url
    assert client.post("/v1/webhook_endpoints", json={"url": f"{URL}/caf\u00e9"}).status_code == 200
    wrong = client.post(f"/v1/webhook_endpoints/{made}/test", json={"event_type": "video.born"})
    assert wrong.json()["error"]["param"] == "event_type"


def test_a_test_call_is_made_at_once(client: httpx.Client, receiver: tuple[str, type[Receiver]]) -> None:
    url, ear = receiver
    made = client.post("/v1/webhook_endpoints", json={"url": url}).json()
    where = f"/v1/webhook_endpoints/{made['id']}/test"
    ear.status = 418
    said = client.post(where, json={"event_type": "video.failed"}).json()
    assert (said["webhook_endpoint_id"], said["status_code"], said["success"]) == (made["id"], 418, True)
    ((headers, body),) = ear.got
    event = Webhook(made["signing_secret"]).verify(body, headers)
    assert (event["id"], event["type"]) == (said["event_id"], "video.failed")
    nobody = client.post("/v1/webhook_endpoints", json={"url": "http://127.0.0.1:9/"}).json()["id"]
    refused = client.post(f"/v1/webhook_endpoints/{nobody}/test", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_url")
