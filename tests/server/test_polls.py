from __future__ import annotations

import httpx
import pytest
from sqlalchemy import text

from ozora.server.database import Database
from tests.server.test_access import make_key


@pytest.fixture
def made(client: httpx.Client) -> str:
    return str(client.post("/v1/videos", json={"prompt": "x", "model": "stub"}).json()["id"])


def test_a_look_is_answered_as_the_call_that_made_it(client: httpx.Client, made: str) -> None:
    answer = client.get(f"/v1/videos/{made}")
    assert answer.json() == client.get("/v1/videos").json()["data"][0]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["openai-poll-after-ms"] == "1000"
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_video_of_another_key_is_not_there(client: httpx.Client, made: str, database: Database) -> None:
    stranger = make_key(database)
    for identity in (made, f"video_{'0' * 32}", "video_short"):
        answer = client.get(f"/v1/videos/{identity}", headers=stranger)
        assert (answer.status_code, answer.json()["error"]["param"]) == (404, "video_id")


@pytest.mark.parametrize("headers", [{"authorization": "Basic oz_0"}, {"authorization": "Bearer oz_0"}])
def test_who_asks_is_checked(headers: dict[str, str], client: httpx.Client, made: str) -> None:
    answer = client.get(f"/v1/videos/{made}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_key_that_may_only_send_webhooks_does_not_look(client: httpx.Client, made: str, database: Database) -> None:
    hooks = make_key(database, scopes=("webhooks",))
    assert client.get(f"/v1/videos/{made}", headers=hooks).status_code == 403


def test_looks_are_counted_under_their_route(client: httpx.Client, made: str) -> None:
    for _ in range(3):
        client.get(f"/v1/videos/{made}")
    line = 'ozora_requests_total{method="GET",route="/v1/videos/{video_id}",status="200"} 3.0'
    assert line in client.get("/metrics").text


def test_a_database_that_cannot_be_used_is_503(client: httpx.Client, made: str, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO away"))
    answer = client.get(f"/v1/videos/{made}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO jobs"))
    assert client.get(f"/v1/videos/{made}").status_code == 200
