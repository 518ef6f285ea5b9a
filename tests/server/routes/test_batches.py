from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from ozora.backends import BACKENDS
from ozora.errors import StoreError
from ozora.server.painting import Studio
from ozora.server.store import Store
from ozora.shapes import VideoShape
from tests.server.routes.test_videos import paint_all, png
from tests.server.stub import StubBackend


def line(custom_id: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/videos", "body": {"model": "stub", **body}}


def start(client: httpx.Client, *lines: dict[str, Any], **changes: str) -> httpx.Response:
    data = "\n".join(json.dumps(item) for item in lines).encode()
    file = client.post("/v1/files", files={"file": ("in.jsonl", data)}, data={"purpose": "batch"}).json()
    fields = {"input_file_id": file["id"], "endpoint": "/v1/videos", "completion_window": "24h"}
    return client.post("/v1/batches", json={**fields, "metadata": {"show": "one"}, **changes})


def test_a_batch_from_lines_to_results(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball"), line("b", prompt="an unfit ball")).json()
    assert (made["status"], made["request_counts"]["total"], made["metadata"]) == ("in_progress", 2, {"show": "one"})
    assert client.get(f"/v1/batches/{made['id']}").json()["status"] == "in_progress"
    paint_all(studio)
    (listed,) = client.get("/v1/batches").json()["data"]
    done = client.get(f"/v1/batches/{made['id']}").json()
    assert listed == done
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


def test_a_batch_that_has_ended_is_not_cancelled(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball")).json()
    paint_all(studio)
    assert client.post(f"/v1/batches/{made['id']}/cancel").json()["status"] == "completed"


def test_the_same_token_is_the_same_batch(client: httpx.Client) -> None:
    fields = {"endpoint": "/v1/videos", "completion_window": "24h"}
    data = json.dumps(line("a", prompt="a ball")).encode()
    file = client.post("/v1/files", files={"file": ("in.jsonl", data)}, data={"purpose": "batch"}).json()
    client.headers["idempotency-key"] = "one"
    first, second = (client.post("/v1/batches", json={**fields, "input_file_id": file["id"]}) for _ in range(2))
    assert first.json() == second.json()
    assert len(client.get("/v1/videos").json()["data"]) == 1
    other = client.post("/v1/batches", json={**fields, "input_file_id": file["id"], "metadata": {"a": "b"}})
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_key_reused")


@pytest.mark.parametrize("last", [{"size": "big"}, {"size": 10**5}, {"storyboard": {"cards": []}}])
def test_nothing_is_kept_of_a_batch_that_fails(last: dict[str, Any], client: httpx.Client, store: Store) -> None:
    picture = {"image_url": "data:image/png;base64," + base64.b64encode(png()).decode()}
    start(client, line("a", prompt="a ball", input_reference=picture), line("b", prompt="x", **last))
    assert not list(Path(str(store.local_path("videos"))).iterdir())


def test_nothing_is_kept_when_a_line_meets_an_error_of_ours(
    client: httpx.Client, store: Store, stub: StubBackend
) -> None:
    class Broken(StubBackend):
        def native(self, shape: VideoShape) -> VideoShape:
            if shape.width == 64:
                raise StoreError("the disk is full")
            return super().native(shape)

    BACKENDS["stub"] = Broken()
    picture = {"image_url": "data:image/png;base64," + base64.b64encode(png()).decode()}
    answer = start(client, line("a", prompt="a ball", input_reference=picture), line("b", prompt="x", size="64x64"))
    assert answer.status_code == 503
    assert not list(Path(str(store.local_path("videos"))).iterdir())


def test_what_a_batch_can_only_be_is_named(client: httpx.Client) -> None:
    for name in ("endpoint", "completion_window"):
        assert start(client, line("a", prompt="x"), **{name: "x"}).json()["error"]["param"] == name
    unknown = client.get("/v1/batches", params={"after": "batch_no"})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "after")


def test_malformed_batches_are_refused(client: httpx.Client) -> None:
    for wrong in ({}, {**line("a", prompt="x"), "url": "/v1/chat"}, {**line("", prompt="x")}):
        assert start(client, wrong).status_code == 400
    assert start(client, line("a", prompt="x"), line("a", prompt="x")).status_code == 400
