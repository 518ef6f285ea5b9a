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


def lines_of(client: httpx.Client, file_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.get(f"/v1/files/{file_id}/content").text.splitlines()]


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
    (result,), (error,) = (lines_of(client, done[name]) for name in ("output_file_id", "error_file_id"))
    assert (result["custom_id"], result["response"]["body"]["status"]) == ("a", "completed")
    assert (error["custom_id"], error["response"]["status_code"]) == ("b", 400)
    assert error["response"]["body"]["error"]["message"] == "this is unfit"
    assert client.get("/v1/batches").json()["data"][0]["id"] == made["id"]


def test_a_batch_waits_behind_everything_else(client: httpx.Client, studio: Studio) -> None:
    start(client, line("a", prompt="a ball"))
    later = client.post("/v1/videos", json={"prompt": "urgent"}).json()["id"]
    from ozora.server.worker import claim

    job = claim(studio)
    assert job is not None and job.id == later


def test_one_wrong_line_holds_nobody_up(client: httpx.Client, studio: Studio) -> None:
    made = start(client, line("a", prompt="a ball"), line("b", size="big", prompt="x"), line("c", prompt="x")).json()
    assert (made["status"], made["errors"]) == ("in_progress", None)
    assert made["request_counts"] == {"total": 3, "completed": 0, "failed": 1}
    paint_all(studio)
    done = client.get(f"/v1/batches/{made['id']}").json()
    assert (done["status"], done["request_counts"]) == ("completed", {"total": 3, "completed": 2, "failed": 1})
    assert [item["custom_id"] for item in lines_of(client, done["output_file_id"])] == ["a", "c"]
    (error,) = lines_of(client, done["error_file_id"])
    assert (error["custom_id"], error["response"]["status_code"], error["error"]) == ("b", 400, None)
    told = error["response"]["body"]["error"]
    direct = client.post("/v1/videos", json={"model": "stub", "size": "big", "prompt": "x"}).json()["error"]
    assert told == direct


def test_a_batch_of_nothing_but_wrong_lines_has_ended_when_it_is_made(client: httpx.Client) -> None:
    made = start(client, line("a", size="big", prompt="x"), {}).json()
    assert (made["status"], made["output_file_id"]) == ("completed", None)
    assert made["request_counts"] == {"total": 2, "completed": 0, "failed": 2}
    errors = lines_of(client, made["error_file_id"])
    assert [(item["custom_id"], item["response"]["status_code"]) for item in errors] == [("a", 400), (None, 400)]


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
def test_nothing_is_kept_of_a_line_that_is_refused(last: dict[str, Any], client: httpx.Client, store: Store) -> None:
    picture = {"image_url": "data:image/png;base64," + base64.b64encode(png()).decode()}
    start(client, line("a", prompt="x", input_reference=picture, **last), line("b", prompt="a ball"))
    assert not [path for path in store.names("videos") if store.find_files(f"videos/{path}")]


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
    file = client.post(
        "/v1/files", files={"file": ("in.jsonl", b"a prompt\nanother")}, data={"purpose": "batch"}
    ).json()
    fields = {"input_file_id": file["id"], "endpoint": "/v1/videos", "completion_window": "24h"}
    answer = client.post("/v1/batches", json=fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input_file_id")
    assert client.get("/v1/batches").json()["data"] == []
