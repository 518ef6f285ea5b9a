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
from tests.server.live import client_of
from tests.server.stub import StubBackend


def make_key(database: Database, scopes: tuple[str, ...] = keys.SCOPES, limits: Limits | None = None) -> dict[str, str]:
    with database.writing() as connection:
        text = keys.create(connection, "k", now=1.0, scopes=scopes, limits=limits)[1]
    return {"authorization": f"Bearer {text}"}


def test_this_machine_needs_no_key(client: httpx.Client) -> None:
    assert client.get("/v1/videos").status_code == 200
    assert client.get("/v1/videos", headers={"authorization": "Bearer sk-of-another"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"host": "[::1"},
        {"origin": "http://[::1"},
        {"sec-fetch-site": "cross-site"},
        {"x-forwarded-for": "10.0.0.1"},
        {"authorization": "Bearer oz_000000000000_" + "0" * 48},
    ],
)
def test_pages_of_others_and_proxies_do(headers: dict[str, str], client: httpx.Client) -> None:
    answer = client.post("/v1/videos", json={"prompt": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_another_address_needs_a_key(settings: Settings, database: Database, stub: StubBackend) -> None:
    with client_of(dataclasses.replace(settings, host="0.0.0.0")) as client:
        assert client.get("/v1/videos").status_code == 401
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/videos", headers=make_key(database)).status_code == 200


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
