from __future__ import annotations

import dataclasses
import time

import httpx
import pytest

from ozora.server import keys
from ozora.server.access import KNOWN_S
from ozora.server.database import Database
from ozora.server.keys import Limits
from ozora.server.settings import Settings
from tests.server.live import serving
from tests.server.stub import StubBackend


def make_key(database: Database, scopes: tuple[str, ...] = keys.SCOPES, limits: Limits | None = None) -> dict[str, str]:
    with database.writing() as connection:
        text = keys.create(connection, "k", now=1.0, scopes=scopes, limits=limits)[1]
    return {"authorization": f"Bearer {text}"}


def test_this_machines_user_is_known_by_a_secret(client: httpx.Client) -> None:
    assert client.post("/v1/videos", json={"prompt": "x", "model": "stub"}).status_code == 200
    far = {"host": "videos.example", "x-forwarded-for": "10.0.0.1", "origin": "https://videos.example"}
    assert client.get("/v1/videos", headers=far).status_code == 200, "nothing but the key counts"


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "forwarded": "for=127.0.0.1"},
        {"host": "localhost", "origin": "http://localhost", "sec-fetch-site": "same-origin"},
        {"authorization": "Bearer sk-of-another"},
        {"authorization": "Bearer oz_local_" + "0" * 48},
        {"authorization": "Bearer oz_000000000000_" + "0" * 48},
        {"authorization": "Basic oz_local_" + "0" * 48},
        {"authorization": "Bearer"},
        {"cookie": "authorization=Bearer", "x-api-key": "local"},
    ],
    ids=str,
)
def test_nobody_is_known_by_an_address(
    headers: dict[str, str], host: str, settings: Settings, database: Database, stub: StubBackend
) -> None:
    with (
        serving(dataclasses.replace(settings, host=host)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        answer = client.post("/v1/videos", json={"prompt": "x"}, headers=dict(headers))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert "ozora keys local" in answer.json()["error"]["message"]
        assert client.get("/metrics", headers=dict(headers)).status_code == 401
        assert client.get("/healthz").status_code == 200


def test_a_key_that_is_no_text_is_wrong(client: httpx.Client) -> None:
    assert client.get("/v1/videos", headers={b"authorization": b"Bearer oz_\xff\xfe"}).status_code == 401


def test_pages_of_other_sites_are_allowed_nothing(client: httpx.Client) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "authorization"
    for answer in (client.options("/v1/videos", headers=asked), client.get("/v1/videos", headers=asked)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_key_does_what_it_is_for(client: httpx.Client, database: Database) -> None:
    reader = make_key(database, scopes=("read",))
    assert client.get("/v1/videos", headers=reader).status_code == 200
    refused = client.post("/v1/videos", json={"prompt": "x"}, headers=reader)
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")


def test_a_key_has_its_limits(client: httpx.Client, database: Database) -> None:
    slow = make_key(database, limits=Limits(requests_a_minute=4))
    statuses = [client.post("/v1/videos", json={"prompt": "x"}, headers=slow).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]
    short = make_key(database, limits=Limits(seconds_a_day=5))
    statuses = [
        client.post("/v1/videos", json={"prompt": "x", "seconds": "4"}, headers=short).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]


def test_a_revoked_key_is_shut_out_within_a_second(client: httpx.Client, database: Database) -> None:
    header = make_key(database)
    assert client.get("/v1/videos", headers=header).status_code == 200
    with database.writing() as connection:
        keys.revoke(connection, header["authorization"][10:22], 2.0)
    time.sleep(KNOWN_S + 0.1)
    assert client.get("/v1/videos", headers=header).status_code == 401
