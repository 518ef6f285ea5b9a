from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from ozora.server import jobs, submission
from ozora.server.desk import Desk
from ozora.server.jobs import Draft
from ozora.server.keys import LOCAL, Key
from ozora.server.painting import Studio
from ozora.server.routes import batches as module
from tests.server.routes.test_videos import paint_all, png


def line(custom_id: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/videos", "body": {"model": "stub", **body}}


def start(client: httpx.Client, *lines: dict[str, Any]) -> httpx.Response:
    data = "\n".join(json.dumps(item) for item in lines).encode()
    file = client.post("/v1/files", files={"file": ("in.jsonl", data)}, data={"purpose": "batch"}).json()
    fields = {"input_file_id": file["id"], "endpoint": "/v1/videos", "completion_window": "24h"}
    return client.post("/v1/batches", json={**fields, "metadata": {"show": "one"}})


def test_a_batch_from_lines_to_results(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball"), line("b", prompt="an unfit ball")).json()
    assert (made["status"], made["request_counts"]["total"], made["metadata"]) == ("in_progress", 2, {"show": "one"})
    assert client.get(f"/v1/batches/{made['id']}").json()["status"] == "in_progress"
    paint_all(studio)
    done = client.get(f"/v1/batches/{made['id']}").json()
    assert (done["status"], done["request_counts"]) == ("completed", {"total": 2, "completed": 1, "failed": 1})
    again = client.get(f"/v1/batches/{made['id']}").json()
    assert again["output_file_id"] == done["output_file_id"]
    text = client.get(f"/v1/files/{done['output_file_id']}/content").text
    results = {item["custom_id"]: item["response"]["body"]["status"] for item in map(json.loads, text.splitlines())}
    assert results == {"a": "completed", "b": "failed"}
    assert client.get("/v1/batches").json()["data"][0]["id"] == made["id"]


def test_a_list_shows_that_a_batch_has_ended(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball")).json()
    paint_all(studio)
    (shown,) = client.get("/v1/batches").json()["data"]
    assert shown["status"] == "completed" and shown["output_file_id"]
    with studio.database.reading() as connection:
        ended = [job.completed_at for job in jobs.page(connection, LOCAL, after=None, limit=9, ascending=True)[0]]
    assert shown["completed_at"] == int(max(time_s for time_s in ended if time_s is not None))
    assert client.get(f"/v1/batches/{made['id']}").json() == shown


def test_the_same_token_is_the_same_batch(client: httpx.Client) -> None:
    data = json.dumps(line("a", prompt="a ball")).encode()
    headers = {"idempotency-key": "once"}
    files = [
        client.post("/v1/files", files={"file": ("in", data)}, data={"purpose": "batch"}, headers=headers).json()["id"]
        for _ in range(2)
    ]
    assert files[0] == files[1]
    fields = {"input_file_id": files[0], "endpoint": "/v1/videos", "completion_window": "24h"}
    headers = {"idempotency-key": "one batch"}
    first, second = (client.post("/v1/batches", json=fields, headers=headers).json() for _ in range(2))
    assert first["id"] == second["id"] and len(client.get("/v1/videos").json()["data"]) == 1
    other = client.post("/v1/batches", json={**fields, "metadata": {"a": "b"}}, headers=headers)
    assert other.json()["error"]["code"] == "idempotency_key_reused"


def test_nothing_is_left_of_a_batch_that_fails_in_the_middle(
    client: httpx.Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = submission.prepare

    def prepare_one(desk: Desk, key: Key, verb: str, fields: dict[str, Any]) -> Draft:
        if fields["prompt"] == "a bug":
            raise ZeroDivisionError
        return prepare(desk, key, verb, fields)

    monkeypatch.setattr(module, "prepare", prepare_one)
    picture = {"image_url": "data:image/png;base64," + base64.b64encode(png()).decode()}
    said = line("a", prompt="a ball", input_reference=picture)
    assert start(client, said, line("b", prompt="a bug")).status_code == 500
    folder = studio.store.local_path("videos")
    assert folder is not None and not (folder.exists() and list(folder.iterdir()))


def test_a_batch_waits_behind_everything_else(client: httpx.Client, studio: Studio) -> None:
    start(client, line("a", prompt="a ball"))
    later = client.post("/v1/videos", json={"prompt": "urgent"}).json()["id"]
    from ozora.server.worker import claim

    job = claim(studio)
    assert job is not None and job.id == later


def test_one_wrong_line_fails_the_batch(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball"), line("b", size="big", prompt="x")).json()
    assert made["status"] == "failed"
    assert made["errors"]["data"][0]["line"] == 2
    assert client.get("/v1/videos").json()["data"] == []


def test_a_batch_is_cancelled(client: httpx.Client) -> None:
    made = start(client, line("a", prompt="a ball")).json()
    client.post(f"/v1/batches/{made['id']}/cancel")
    assert client.get(f"/v1/batches/{made['id']}").json()["status"] == "cancelled"


def test_malformed_batches_are_refused(client: httpx.Client) -> None:
    for wrong in ({}, {**line("a", prompt="x"), "url": "/v1/chat"}, {**line("", prompt="x")}):
        assert start(client, wrong).status_code == 400
    assert start(client, line("a", prompt="x"), line("a", prompt="x")).status_code == 400
