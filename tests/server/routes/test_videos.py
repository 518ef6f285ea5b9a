from __future__ import annotations

import base64
import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image

from ozora.server.painting import Studio, paint
from ozora.server.worker import claim


def paint_all(studio: Studio) -> None:
    while (job := claim(studio)) is not None:
        paint(studio, job)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (9, 99, 9)).save(out, format="PNG")
    return out.getvalue()


def make(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/videos", json={"prompt": "a red ball", "model": "stub", **fields})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_video_from_request_to_bytes(client: httpx.Client, studio: Studio) -> None:
    made = make(client, seconds="2", size="64x32", seed=7)
    assert (made["status"], made["model"], made["seconds"], made["size"]) == ("queued", "stub", "2", "64x32")
    assert (made["seed"], made["progress"], made["error"], made["object"]) == (7, 0, None, "video")
    assert client.get(f"/v1/videos/{made['id']}/content").status_code == 404
    paint_all(studio)
    answer = client.get(f"/v1/videos/{made['id']}")
    assert (answer.json()["status"], answer.json()["progress"]) == ("completed", 100)
    assert int(answer.headers["openai-poll-after-ms"]) > 0
    whole = client.get(f"/v1/videos/{made['id']}/content")
    assert whole.headers["content-type"] == "video/mp4" and whole.content[4:8] == b"ftyp"
    for variant, start in (("thumbnail", b"RIFF"), ("spritesheet", b"\xff\xd8\xff")):
        asset = client.get(f"/v1/videos/{made['id']}/content", params={"variant": variant})
        assert asset.content.startswith(start)
    part = client.get(f"/v1/videos/{made['id']}/content", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole.content)}"
    beyond = client.get(f"/v1/videos/{made['id']}/content", headers={"range": "bytes=99999999-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(("asked", "told"), [("1", "1"), ("1.50", "1.50"), ("1/2", "0.5"), ("１", "1")])  # noqa: RUF001
def test_a_duration_is_told_as_a_number(client: httpx.Client, asked: str, told: str) -> None:
    assert make(client, seconds=asked)["seconds"] == told


def test_forms_and_json_make_the_same_plan(client: httpx.Client) -> None:
    said = {
        "prompt": "a red ball",
        "seconds": "1",
        "size": "16x16",
        "seed": "3",
        "num_inference_steps": "2",
        "model": "stub",
    }
    form = client.post("/v1/videos", files={name: (None, value) for name, value in said.items()})
    made = make(client, seconds="1", size="16x16", seed=3, num_inference_steps=2)
    same = ("prompt", "seconds", "size", "seed", "fps", "model")
    assert {name: form.json()[name] for name in same} == {name: made[name] for name in same}


def test_a_first_frame_in_every_way(client: httpx.Client, studio: Studio) -> None:
    file = client.post("/v1/files", files={"file": ("a.png", png())}, data={"purpose": "user_data"}).json()
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    answers = [
        client.post(
            "/v1/videos",
            data={"prompt": "x", "model": "stub"},
            files={"input_reference": ("upload", io.BytesIO(png()))},
        ),
        client.post("/v1/videos", data={"prompt": "x", "model": "stub", "input_reference[image_url]": url}),
        client.post("/v1/videos", json={"prompt": "x", "model": "stub", "input_reference": {"file_id": file["id"]}}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    paint_all(studio)
    assert {client.get(f"/v1/videos/{a.json()['id']}").json()["status"] for a in answers} == {"completed"}
    bad = client.post("/v1/videos", data={"prompt": "x"}, files={"input_reference": ("a.png", b"no picture")})
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "invalid_image")


def test_a_failed_job_is_an_answer_of_200(client: httpx.Client, studio: Studio) -> None:
    made = make(client, prompt="an unfit ball")
    paint_all(studio)
    answer = client.get(f"/v1/videos/{made['id']}")
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"] == {"code": "invalid_value", "message": "this is unfit"}


def test_lists_cancel_and_delete(client: httpx.Client) -> None:
    made = [make(client)["id"] for _ in range(3)]
    page = client.get("/v1/videos", params={"limit": 2}).json()
    assert ([video["id"] for video in page["data"]], page["has_more"]) == (made[:0:-1], True)
    rest = client.get("/v1/videos", params={"limit": 2, "after": page["last_id"]}).json()
    assert ([video["id"] for video in rest["data"]], rest["has_more"]) == (made[:1], False)
    stopped = client.post(f"/v1/videos/{made[0]}/cancel").json()
    assert (stopped["status"], stopped["error"]["code"]) == ("failed", "cancelled")
    gone = client.delete(f"/v1/videos/{made[1]}", headers={"content-type": "application/json"}).json()
    assert gone == {"id": made[1], "object": "video.deleted", "deleted": True}
    assert client.get(f"/v1/videos/{made[1]}").status_code == 404


def test_the_same_token_is_the_same_job(client: httpx.Client) -> None:
    send = {"headers": {"idempotency-key": "one"}, "json": {"prompt": "a ball"}}
    first, second = (client.post("/v1/videos", **send).json()["id"] for _ in range(2))  # type: ignore[arg-type]
    assert first == second
    other = client.post("/v1/videos", headers={"idempotency-key": "one"}, json={"prompt": "a cube"})
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_key_reused")


def test_a_video_is_told_anew(client: httpx.Client, studio: Studio) -> None:
    made = make(client)["id"]
    early = client.post(f"/v1/videos/{made}/remix", json={"prompt": "x"})
    assert "wait until it is completed" in early.json()["error"]["message"]
    paint_all(studio)
    clip = client.get(f"/v1/videos/{made}/content").content
    answers = [
        client.post(f"/v1/videos/{made}/remix", json={"prompt": "x", "model": "stub", "strength": 0.3}),
        client.post("/v1/videos/edits", json={"prompt": "x", "model": "stub", "video": {"id": made}}),
        client.post("/v1/videos/edits", data={"prompt": "x", "model": "stub"}, files={"video": ("a.mp4", clip)}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3, answers[0].text
    assert [answer.json()["remixed_from_video_id"] for answer in answers] == [made, None, None]
    assert [answer.json()["parent_id"] for answer in answers] == [made, made, None]
    paint_all(studio)
    assert {client.get(f"/v1/videos/{answer.json()['id']}").json()["status"] for answer in answers} == {"completed"}
    wrong = client.post(f"/v1/videos/{made}/remix", json={"prompt": "x", "strength": 2})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_value")
    assert client.post("/v1/videos/edits", json={"prompt": "x", "video": {"id": "video_no"}}).status_code == 404


def test_a_video_goes_on(client: httpx.Client, studio: Studio) -> None:
    made = make(client)["id"]
    paint_all(studio)
    clip = client.get(f"/v1/videos/{made}/content").content
    said = {"prompt": "x", "seconds": "2", "model": "stub"}
    answers = [
        client.post("/v1/videos/extensions", data={**said, "video[id]": made}).json(),
        client.post("/v1/videos/extensions", data=said, files={"video": ("a.mp4", clip)}).json(),
    ]
    assert [(answer["seconds"], answer["size"]) for answer in answers] == [("3", "16x16")] * 2
    assert [answer["parent_id"] for answer in answers] == [made, None]
    paint_all(studio)
    assert client.get(f"/v1/videos/{answers[0]['id']}").json()["status"] == "completed"
    wrong = client.post("/v1/videos/extensions", json={**said, "seconds": "long", "video": {"id": made}})
    assert wrong.json()["error"]["param"] == "size"


def test_events_follow_a_job_to_its_end(client: httpx.Client, studio: Studio) -> None:
    made = make(client)["id"]
    paint_all(studio)
    with client.stream("GET", f"/v1/videos/{made}/events") as answer:
        text = "".join(answer.iter_text())
    assert text.startswith("event: video.completed\ndata: ")
    assert json.loads(text.split("data: ")[1])["id"] == made


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({}, "missing_required_parameter", "prompt"),
        ({"prompt": " "}, "invalid_value", "prompt"),
        ({"prompt": "x" * 100_000}, "invalid_value", "prompt"),
        ({"prompt": "x", "n": 2}, "unknown_parameter", "n"),
        ({"prompt": "a beheading"}, "moderation_blocked", "prompt"),
        ({"prompt": "x", "size": "big"}, "invalid_value", "size"),
        ({"prompt": "x", "seconds": "12"}, "invalid_value", "size"),
        ({"prompt": "x", "model": "gen-9"}, "model_not_found", "model"),
        ({"prompt": "x", "negative_prompt": "rain"}, "unsupported", None),
        ({"prompt": "x", "input_reference": {"image_url": "http://localhost:1/a.png"}}, "invalid_url", None),
        ({"prompt": "x", "input_reference": {"file_id": "file_no"}}, "not_found", "input_reference"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], code: str, param: str | None, client: httpx.Client) -> None:
    answer = client.post("/v1/videos", json=fields)
    assert answer.status_code in (400, 404)
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("body", [r'{"prompt": "\ud800"}', r'{"prompt": "x", "\ud800": 1}', r'{"prompt": "\u0000"}'])
def test_texts_that_are_no_unicode_are_refused(body: str, client: httpx.Client) -> None:
    answer = client.post("/v1/videos", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_value")


def test_models_say_what_they_can(client: httpx.Client) -> None:
    data = {model["id"]: model for model in client.get("/v1/videos/models").json()["data"]}
    assert data["sora-2"]["maps_to"] == "stub"
