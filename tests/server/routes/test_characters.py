from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ozora.plan import ReferenceCondition
from ozora.server.painting import Studio, paint
from ozora.server.worker import claim
from ozora.trust.likeness import Consent, add_consent, revoke_consent
from tests.server.routes.test_videos import make, paint_all, plan_of, png
from tests.server.stub import StubBackend

URL = "/v1/videos/characters"


def keep(client: httpx.Client, **texts: str) -> httpx.Response:
    return client.post(URL, data={"name": "Mo", **texts}, files={"video": ("mo.png", png())})


def show(client: httpx.Client, identity: str, prompt: str = "Mo runs") -> httpx.Response:
    return client.post("/v1/videos", json={"prompt": prompt, "model": "stub", "characters": [{"id": identity}]})


def test_a_clip_is_kept_under_a_name(client: httpx.Client, studio: Studio) -> None:
    made = make(client)["id"]
    paint_all(studio)
    clip = client.get(f"/v1/videos/{made}/content").content
    answers = [
        client.post(URL, data={"name": " Mo "}, files={"video": ("a.mp4", clip)}),
        client.post(URL, data={"name": "Mo"}, files={"video": ("a.png", png())}),
        client.post(URL, json={"name": "Mo", "video": {"id": made}}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3, answers[0].text
    for answer in answers:
        assert answer.json()["name"] == "Mo"
        assert client.get(f"{URL}/{answer.json()['id']}").json() == answer.json()
    kept = client.get("/v1/files", params={"purpose": "character"}).json()["data"]
    assert sorted(file["filename"] for file in kept) == ["a.mp4", "a.png", f"{made}.mp4"]
    assert len(clip) in {file["bytes"] for file in kept}


def test_the_same_token_is_the_same_character(client: httpx.Client) -> None:
    client.headers["idempotency-key"] = "one"
    first, second = (keep(client).json() for _ in range(2))
    assert first == second
    assert keep(client, name="Li").json()["error"]["code"] == "idempotency_key_reused"
    assert len(client.get("/v1/files").json()["data"]) == 1


def test_a_character_plays_by_its_description(client: httpx.Client, studio: Studio) -> None:
    character = keep(client, description="a small red robot").json()["id"]
    video = show(client, character).json()
    assert (video["prompt"], video["characters"]) == ("Mo runs", [{"id": character}])
    assert any("Mo is painted from its description" in note for note in video["notes"])
    paint_all(studio)
    done = client.get(f"/v1/videos/{video['id']}").json()
    assert done["status"] == "completed"
    record = studio.store.read(f"videos/{video['id']}/1/video.mp4.json")
    assert b"Mo runs. Mo is a small red robot." in record


def test_a_model_that_can_be_shown_a_character_is(client: httpx.Client, studio: Studio, stub: StubBackend) -> None:
    stub.sees = True
    character = keep(client, description="a small red robot").json()["id"]
    video = show(client, character).json()
    assert any("its description and its picture" in note for note in video["notes"])
    (condition,) = plan_of(studio, video["id"]).conditions
    assert isinstance(condition, ReferenceCondition) and condition.path.startswith("store:")
    paint_all(studio)
    assert client.get(f"/v1/videos/{video['id']}").json()["status"] == "completed"


def test_what_is_wrong_is_said(client: httpx.Client) -> None:
    plain = keep(client).json()["id"]
    refused: list[tuple[httpx.Response, int, str, str | None]] = [
        (show(client, plain), 400, "unsupported", None),
        (show(client, plain, "a ball"), 400, "invalid_value", "prompt"),
        (show(client, "char_x"), 404, "not_found", "characters"),
        (client.get(f"{URL}/char_x"), 404, "not_found", "characters"),
        (client.post(URL, data={"name": "Mo"}, files={"video": ("a", b"text")}), 400, "invalid_video", "video"),
        (client.post(URL, data={"name": "Mo"}, files={"video": ("a", b"GIF8")}), 400, "invalid_media", "video"),
        (client.post(URL, json={"name": "Mo", "video": {"id": "video_x"}}), 404, "not_found", "video"),
        (keep(client, name="x" * 99), 400, "invalid_value", "name"),
        (keep(client, name="Lady Gaga"), 400, "moderation_blocked", "name"),
        (keep(client, description="a beheading"), 400, "moderation_blocked", "name"),
        (keep(client, person="Li Bai"), 400, "moderation_blocked", "person"),
    ]
    for answer, status, code, param in refused:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (status, code, param), error
        assert "/tmp" not in error["message"]


@pytest.fixture
def consented(own_rules: Callable[[dict[str, dict[str, str]]], Path]) -> Path:
    home = own_rules({})
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    consent: dict[str, Any] = {"given_at": "2026-01-01", "expires_at": until, "evidence": "drawer 3"}
    add_consent(home, Consent(person="Li Bai", scope=("any",), **consent))
    return home


def test_a_consent_that_ends_stops_the_video(consented: Path, client: httpx.Client, studio: Studio) -> None:
    character = keep(client, person="Li Bai", description="a poet").json()["id"]
    first, second = (show(client, character).json()["id"] for _ in range(2))
    job = claim(studio)
    assert job is not None and job.id == first
    assert paint(studio, job) == "completed"
    revoke_consent(consented, "Li Bai")
    paint_all(studio)
    ended = client.get(f"/v1/videos/{second}").json()
    assert (ended["status"], ended["error"]["code"]) == ("failed", "moderation_blocked")
    refused = show(client, character)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "moderation_blocked")
