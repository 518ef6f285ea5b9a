from __future__ import annotations

import json
from typing import Any

import httpx

from ozora.server.painting import Studio
from tests.server.routes.test_videos import paint_all


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
