from __future__ import annotations

import base64
import io
from typing import Any

import av
import httpx
import pytest

from ozora.server import keys
from ozora.server.database import Database
from ozora.server.fields import PIXEL
from ozora.server.painting import Studio
from tests.server.routes.test_videos import make, paint_all, png

URL = "/v1/content_provenance_checks"


def check(client: httpx.Client, data: bytes, **options: Any) -> dict[str, Any]:
    answer = client.post(URL, files={"file": ("a", data)}, **options)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    assert said["object"] == "content_provenance_check" and said["created_at"] > 0
    return said


def results(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {result["type"]: result for result in said["results"]}


def remux(data: bytes) -> bytes:
    """The same pictures in a new file, without a manifest."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


@pytest.fixture
def video(client: httpx.Client, studio: Studio) -> str:
    made: str = make(client, prompt="a red ball in secret", size="256x128")["id"]
    paint_all(studio)
    return made


def test_what_left_here_is_signed_and_intact(client: httpx.Client, video: str) -> None:
    said = check(client, client.get(f"/v1/videos/{video}/content").content)
    assert (said["verdict"], said["origin"]) == ("signed and intact", "signed")
    c2pa = results(said)["c2pa"]
    assert (c2pa["outcome"], c2pa["validation_state"], c2pa["model"]) == ("detected", "trusted", "stub")
    assert c2pa["generated_at"] == said["published"]["published_at"] > 0
    assert said["published"]["record"]["plan"]["prompts"][0]["text"] == "a red ball in secret"


@pytest.mark.parametrize("variant", ["thumbnail", "spritesheet"])
def test_its_pictures_lead_to_its_record(client: httpx.Client, video: str, variant: str) -> None:
    said = check(client, client.get(f"/v1/videos/{video}/content", params={"variant": variant}).content)
    assert said["origin"] == "signed"
    assert said["published"]["record"]["plan"]["prompts"][0]["text"] == "a red ball in secret"


def test_a_stripped_file_is_still_known(client: httpx.Client, video: str) -> None:
    said = check(client, remux(client.get(f"/v1/videos/{video}/content").content))
    assert (said["verdict"], said["origin"]) == ("ours, without its signature", "unsigned")
    found = results(said)
    assert found["c2pa"]["validation_state"] == "not_present"
    assert found["ozora_watermark"]["outcome"] == "detected" or found["ozora_fingerprint"]["outcome"] == "detected"
    assert said["published"]["record"]["plan"]["seed"] >= 0


def test_a_tampered_file_is_not_intact(client: httpx.Client, video: str) -> None:
    data = bytearray(client.get(f"/v1/videos/{video}/content").content)
    data[-5] ^= 1
    said = check(client, bytes(data))
    assert said["origin"] != "signed"
    assert results(said)["c2pa"]["validation_state"] == "invalid"
    assert any("mismatch" in problem for problem in results(said)["c2pa"]["problems"])


def test_a_foreign_file_is_unknown(client: httpx.Client) -> None:
    said = check(client, png())
    assert (said["verdict"], said["published"]) == ("unknown", None)
    assert {result["outcome"] for result in said["results"]} == {"not_detected"}


def test_a_picture_of_one_pixel_is_unknown(client: httpx.Client) -> None:
    assert check(client, base64.b64decode(PIXEL.partition(",")[2]))["verdict"] == "unknown"


def test_a_file_may_be_named(client: httpx.Client, video: str) -> None:
    clip = client.get(f"/v1/videos/{video}/content").content
    file = client.post("/v1/files", files={"file": ("a.mp4", clip)}, data={"purpose": "user_data"}).json()["id"]
    for body in ({"file_id": file}, {"file": {"file_id": file}}):
        assert client.post(URL, json=body).json()["origin"] == "signed"
    assert client.post(URL, json={"file_id": "file_no"}).status_code == 404


def test_another_key_learns_where_it_is_from_but_not_the_prompt(
    client: httpx.Client, video: str, database: Database
) -> None:
    with database.writing() as connection:
        _, text = keys.create(connection, "another", now=0.0, scopes=("read",))
    clip = client.get(f"/v1/videos/{video}/content").content
    answer = client.post(URL, files={"file": ("a.mp4", clip)}, headers={"authorization": f"Bearer {text}"})
    assert answer.json()["origin"] == "signed"
    assert "secret" not in answer.text
    assert len(answer.json()["published"]["prompt_sha256"]) == 64


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid_value", "file"),
        ({"file": {"id": "x"}}, "invalid_value", "file"),
        ({"file_id": "a", "file": {"file_id": "a"}}, "invalid_value", "file"),
        ({"url": "x"}, "unknown_parameter", "url"),
    ],
)
def test_what_is_wrong_is_said(body: dict[str, Any], code: str, param: str, client: httpx.Client) -> None:
    error = client.post(URL, json=body).json()["error"]
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize("data", [b"", b"text", b"GIF8", b"\x00\x00\x00\x20ftypisom" + bytes(50)])
def test_what_is_no_picture_is_refused(data: bytes, client: httpx.Client) -> None:
    answer = client.post(URL, files={"file": ("a", data)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_media")
    assert "/tmp" not in answer.text
