from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeGuard

import httpx
import pytest
from PIL import Image
from sqlalchemy import update

from ozora.plan import ClipCondition, Condition, Plan, is_kept
from ozora.server import jobs
from ozora.server.keys import LOCAL
from ozora.server.painting import Studio, paint
from ozora.server.store import Store
from ozora.server.tables import JOBS
from ozora.server.worker import claim

BROKEN = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n and no more").decode()


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
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")
    head = client.head(f"/v1/videos/{made['id']}/content")
    assert (head.status_code, head.content) == (200, b"") and head.headers["etag"] == whole.headers["etag"]
    assert int(head.headers["content-length"]) == len(whole.content)


def test_a_part_of_another_file_is_the_whole_of_this(client: httpx.Client, studio: Studio) -> None:
    made = make(client)
    paint_all(studio)
    url, headers = f"/v1/videos/{made['id']}/content", {"range": "bytes=4-7"}
    etag = client.head(url).headers["etag"]
    assert client.get(url, headers={**headers, "if-range": etag}).status_code == 206
    assert client.get(url, headers={**headers, "if-range": '"another"'}).status_code == 200


def test_a_file_that_was_taken_away_is_missed(client: httpx.Client, studio: Studio) -> None:
    made = make(client)
    paint_all(studio)
    studio.store.remove(f"videos/{made['id']}")
    answer = client.get(f"/v1/videos/{made['id']}/content")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_ready")


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
    unknown = client.get("/v1/videos", params={"after": "video_no"})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "after")
    gone = client.delete(f"/v1/videos/{made[1]}", headers={"content-type": "application/json"}).json()
    assert gone == {"id": made[1], "object": "video.deleted", "deleted": True}
    assert client.get(f"/v1/videos/{made[1]}").status_code == 404
    behind = client.get("/v1/videos", params={"after": made[1]}).json()
    assert [video["id"] for video in behind["data"]] == made[:1]


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
    assert wrong.json()["error"]["param"] == "seconds"


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
        ({"prompt": "x", "seconds": "12"}, "invalid_value", "seconds"),
        ({"prompt": "x", "seconds": "abc"}, "invalid_value", "seconds"),
        ({"prompt": "x", "fps": "0"}, "invalid_value", "fps"),
        ({"prompt": "x", "fps": "500"}, "invalid_value", "fps"),
        ({"prompt": "x", "seed": -1}, "invalid_value", "seed"),
        ({"prompt": "x", "num_inference_steps": 0}, "invalid_value", "num_inference_steps"),
        ({"prompt": "x", "guidance_scale": -1}, "invalid_value", "guidance_scale"),
        ({"prompt": "x", "strength": 0.5}, "unsupported", "strength"),
        ({"prompt": "x", "negative_prompt": "7"}, "invalid_value", "negative_prompt"),
        ({"prompt": "x", "model": "gen-9"}, "model_not_found", "model"),
        ({"prompt": "x", "negative_prompt": "rain"}, "unsupported", "negative_prompt"),
        ({"prompt": "x", "input_reference": {"image_url": "http://localhost:1/"}}, "invalid_url", "input_reference"),
        ({"prompt": "x", "last_frame": {"image_url": "data:none"}}, "invalid_url", "last_frame"),
        ({"prompt": "x", "input_reference": {"image_url": BROKEN}}, "invalid_media", "input_reference"),
        ({"prompt": "x", "last_frame": {"image_url": BROKEN}}, "invalid_media", "last_frame"),
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


def painted(client: httpx.Client, studio: Studio, **fields: Any) -> str:
    made: str = make(client, **fields)["id"]
    paint_all(studio)
    return made


def kept(client: httpx.Client, data: bytes) -> str:
    answer = client.post("/v1/files", files={"file": ("a", data)}, data={"purpose": "user_data"})
    identity: str = answer.json()["id"]
    return identity


def plan_of(studio: Studio, identity: str) -> Plan:
    with studio.database.reading() as connection:
        return Plan.from_dict(jobs.get(connection, identity, LOCAL).plan)


def test_a_storyboard_becomes_one_video(client: httpx.Client, studio: Studio) -> None:
    clip, picture = painted(client, studio, seconds="2"), kept(client, png())
    cards = [
        {"at": 0, "duration": 1, "text": "@hero walks", "image": picture},
        {"at": 1, "duration": 1, "text": "@hero jumps", "video": clip, "in": 0.5, "out": 1.5, "transition": "dissolve"},
        {"at": 3, "duration": 1, "text": "a red ball"},
    ]
    board = {"cards": cards, "cast": {"hero": "a yellow robot"}}
    said = {"model": "stub", "storyboard": board}
    as_json = client.post("/v1/videos", json=said)
    as_form = client.post("/v1/videos", data={"model": "stub", "prompt": "A day", "storyboard": json.dumps(board)})
    assert [answer.status_code for answer in (as_json, as_form)] == [200, 200], as_json.text
    assert (as_json.json()["seconds"], as_form.json()["prompt"]) == ("4", "A day")
    assert as_json.json()["prompt"].startswith("a yellow robot walks; a yellow robot jumps")
    plan = plan_of(studio, as_json.json()["id"])
    assert plan.cuts == (Fraction(1),) and [prompt.enter for prompt in plan.prompts] == ["", "dissolve", "", ""]
    assert [item.frame for item in plan.conditions if is_kept(item)] == [0, 4]
    paint_all(studio)
    assert client.get(f"/v1/videos/{as_json.json()['id']}").json()["status"] == "completed"


def test_pictures_to_pass_through(client: httpx.Client, studio: Studio) -> None:
    picture, url = kept(client, png()), "data:image/png;base64," + base64.b64encode(png()).decode()
    ends = {"input_reference": {"file_id": picture}, "last_frame": {"image_url": url}}
    made = make(client, seconds="2", **ends, keyframes=[{"image": picture, "at": 1}])
    assert [item.frame for item in plan_of(studio, made["id"]).conditions if is_kept(item)] == [0, 4, 7]
    paint_all(studio)
    assert client.get(f"/v1/videos/{made['id']}").json()["status"] == "completed"


@pytest.mark.parametrize(
    ("fields", "said", "param"),
    [
        ({"storyboard": {"cards": [{"at": 1, "text": "a ball"}]}}, "the first card is at 0", "storyboard"),
        ({"storyboard": {"cards": [{"at": 0, "txt": "a ball"}]}}, "card 1, txt", "storyboard"),
        ({"storyboard": {"cards": [{"at": 0, "text": "@mo"}]}}, "not in the cast", "storyboard"),
        ({"storyboard": {"cards": [{"at": 0, "text": "x", "image": "/etc/passwd"}]}}, "no file", "storyboard"),
        ({"storyboard": {"cards": []}, "seconds": "4"}, "leave one of them out", "seconds"),
        ({"prompt": "x", "keyframes": [{"image": "file_no", "at": 0}]}, "no file", "keyframes"),
        ({"prompt": "x", "last_frame": {"url": "x"}}, "last_frame", "last_frame"),
    ],
)
def test_what_is_wrong_with_a_storyboard_is_said(
    fields: dict[str, Any], said: str, param: str, client: httpx.Client
) -> None:
    answer = client.post("/v1/videos", json=fields)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["error"]["message"] and answer.json()["error"]["param"] == param


def test_only_a_part_is_painted_anew(client: httpx.Client, studio: Studio) -> None:
    clip = painted(client, studio, seconds="2")
    white = io.BytesIO()
    Image.new("RGB", (16, 16), (255, 255, 255)).save(white, format="PNG")
    said = {"prompt": "a blue ball", "model": "stub", "video": {"id": clip}}
    answers = [
        client.post("/v1/videos/edits", json={**said, "region": {"left": 0.25, "right": 0.5}, "start": 1}),
        client.post("/v1/videos/edits", json={**said, "mask": {"file_id": kept(client, white.getvalue())}, "end": "1"}),
        client.post(
            "/v1/videos/edits",
            data={"prompt": "a blue ball", "model": "stub", "video[id]": clip, "region[top]": "0.5"},
            files={"mask": ("mask.mp4", client.get(f"/v1/videos/{clip}/content").content)},
        ),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3, answers[0].text
    holes = [item.hole for a in answers for item in plan_of(studio, a.json()["id"]).conditions if is_clip(item)]
    assert [(hole is not None and bool(hole.mask), hole is not None and bool(hole.box)) for hole in holes] == [
        (False, True),
        (True, False),
        (True, True),
    ]
    paint_all(studio)
    assert {client.get(f"/v1/videos/{a.json()['id']}").json()["status"] for a in answers} == {"completed"}
    for wrong, param in (
        ({"region": {"left": 0.5, "right": 0.5}}, "region"),
        ({"region": {}, "start": "9"}, "region"),
        ({"region": {}, "strength": 0.5}, "strength"),
        ({"start": "1"}, "region"),
        ({"region": {}, "end": "soon"}, "end"),
    ):
        answer = client.post("/v1/videos/edits", json={**said, **wrong})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def is_clip(item: Condition) -> TypeGuard[ClipCondition]:
    return isinstance(item, ClipCondition)


@pytest.mark.parametrize(
    ("path", "fields", "seconds", "size"),
    [
        ("loops", {"seconds": "1"}, "3.25", "16x16"),
        ("connections", {"other_video": True, "seconds": 1}, "5", "16x16"),
        ("blends", {"other_video": True, "curve": [[0, 0], [1, 1]], "strength": 0.3}, "2", "16x16"),
        ("blends", {"other_video": True, "preset": "sample"}, "2", "16x16"),
        ("reframes", {"size": "32x16", "x": 0}, "2", "32x16"),
        ("restyles", {"style": "at night"}, "2", "16x16"),
        ("recuts", {"pieces": True, "prompt": "x"}, "3", "16x16"),
    ],
)
def test_each_verb_has_a_route(
    path: str, fields: dict[str, Any], seconds: str, size: str, client: httpx.Client, studio: Studio
) -> None:
    clip = painted(client, studio, seconds="2")
    pieces = [{"video": clip, "at": 0, "out": 1}, {"video": clip, "at": 2, "in": 1}]
    here = {"other_video": {"id": clip}, "pieces": pieces}
    body = {name: here.get(name, value) for name, value in fields.items()} | {"model": "stub"}
    answer = client.post(f"/v1/videos/{path}", json=body if "pieces" in body else {**body, "video": {"id": clip}})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["seconds"], made["size"]) == (seconds, size)
    assert made["parent_id"] == (None if path == "recuts" else clip)
    assert made["prompt"] == {"recuts": "x", "restyles": "a red ball at night"}.get(path, "a red ball")
    paint_all(studio)
    assert client.get(f"/v1/videos/{made['id']}").json()["status"] == "completed"


def test_what_is_wrong_with_a_verb_is_said(client: httpx.Client, studio: Studio) -> None:
    clip = painted(client, studio)
    file = client.get(f"/v1/videos/{clip}/content").content
    here = {"video": {"id": clip}, "model": "stub"}
    for path, body, param in (
        ("loops", {**here, "strength": 0.5}, "strength"),
        ("connections", here, "other_video"),
        ("connections", {**here, "other_video": {"id": "video_no"}}, "other_video"),
        ("blends", {**here, "other_video": {"id": clip}, "curve": [[0, 2]]}, "curve"),
        ("blends", {**here, "other_video": {"id": clip}, "curve": [[0, 0]], "preset": "mix"}, "preset"),
        ("reframes", here, "size"),
        ("reframes", {**here, "size": "1:1"}, "size"),
        ("reframes", {**here, "size": "2:1", "x": 2}, "x"),
        ("reframes", {**here, "size": "2:1", "y": -1}, "y"),
        ("recuts", {"prompt": "x", "pieces": [{"video": clip, "at": 0, "in": 5}]}, "pieces"),
        ("recuts", {"prompt": "x", "pieces": [{"video": clip, "at": 0}, {"video": clip, "at": 0.5}]}, "pieces"),
        ("recuts", {"prompt": "x", "pieces": [{"video": clip, "at": 0}], "seconds": "abc"}, "seconds"),
        ("loops", {**here, "seconds": "abc"}, "seconds"),
        ("loops", {**here, "seconds": "30"}, "seconds"),
        ("extensions", {**here, "prompt": "x", "seconds": "0"}, "seconds"),
        ("connections", {**here, "other_video": {"id": clip}, "seconds": "abc"}, "seconds"),
        ("blends", {**here, "other_video": {"id": clip}, "curve": [[1, 0], [0, 1]]}, "curve"),
        ("blends", {**here, "other_video": {"id": clip}, "strength": 2}, "strength"),
        ("restyles", {**here, "style": "at night", "strength": -1}, "strength"),
    ):
        answer = client.post(f"/v1/videos/{path}", json=body)
        assert answer.status_code in (400, 404), path
        assert answer.json()["error"]["param"] == param, (path, answer.text)
        assert "/tmp" not in answer.text
    broken = {"video": ("a.mp4", b"....ftypisom and no more")}
    damaged = client.post("/v1/videos/edits", data={"prompt": "x", "model": "stub"}, files=broken)
    assert (damaged.status_code, damaged.json()["error"]["param"]) == (400, "video")
    bare = client.post("/v1/videos/loops", data={"model": "stub"}, files={"video": ("a.mp4", file)})
    assert (bare.status_code, bare.json()["error"]["code"]) == (400, "missing_required_parameter")
    send = {"headers": {"idempotency-key": "one"}, "json": here}
    first, second = (client.post("/v1/videos/loops", **send).json()["id"] for _ in range(2))  # type: ignore[arg-type]
    assert first == second


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:-1], lambda whole: whole[:-1] + b"?"])
def test_a_damaged_video_is_never_handed_out(
    damage: Callable[[bytes], bytes], client: httpx.Client, studio: Studio, store: Store
) -> None:
    made = make(client)
    paint_all(studio)
    url, path = f"/v1/videos/{made['id']}/content", f"videos/{made['id']}/1/video.mp4"
    whole = client.get(url).content
    store.write(path, damage(whole))
    for answer in (client.get(url), client.get(url, headers={"range": "bytes=0-3"})):
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "damaged")
        assert answer.headers["x-should-retry"] == "false" and "backup" in answer.text and path not in answer.text
    assert client.head(url).status_code == 500
    answer = client.post("/v1/videos/extensions", json={"video": {"id": made["id"]}, "prompt": "on", "seconds": "1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "damaged")
    assert client.get(f"{url}?variant=thumbnail").status_code == 200
    store.write(path, whole)
    assert client.get(url).content == whole


def test_a_video_from_before_there_were_seals_is_handed_out(client: httpx.Client, studio: Studio, store: Store) -> None:
    made = make(client)
    paint_all(studio)
    with studio.database.writing() as connection:
        connection.execute(update(JOBS).values(content=None))
    assert client.get(f"/v1/videos/{made['id']}/content").status_code == 200
    store.write(f"videos/{made['id']}/1/video.mp4", b"")
    assert client.get(f"/v1/videos/{made['id']}/content").status_code == 500
