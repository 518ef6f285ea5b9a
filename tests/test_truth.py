"""One truth for all ways in: what a manifest says is the same by command line, API and MCP, for every kind of file.

Manifests are read by C2PA's own reader with its own settings, not by ours.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from c2pa import Reader

from ozora.cli.commands import app, call
from ozora.server.mcp import make_mcp
from ozora.server.painting import Studio
from ozora.server.settings import Settings
from ozora.server.worker import work
from ozora.trust.claims import COMPOSITE, MADE_BY_MODEL
from ozora.trust.identity import init
from tests.server.live import client_of
from tests.server.stub import StubBackend
from tests.trust.clips import draw_clip
from tests.trust.foreign import SIGNED, attest, damage, listening, shoot

pytest_plugins = ["tests.server.conftest"]

FRAMES = draw_clip(3, frames=8, height=16, width=16)
WISHES = ["--model", "stub", "--steps", "2", "--seed", "1", "-q", "--no-preview"]
FIELDS = {"model": "stub", "num_inference_steps": "2", "seed": "1", "prompt": "a red ball"}


def read_manifest(path: Path) -> dict[str, Any]:
    """What anybody's reader finds: actions with their source types, ingredients, and what we say in words."""
    with Reader(str(path)) as reader:
        assert reader.get_validation_state() in ("Valid", "Trusted")
        manifest = reader.get_active_manifest()
    assert manifest is not None
    data = {item["label"]: item["data"] for item in manifest["assertions"]}
    generation = data.get("org.ozora.generation", {})
    return {
        "actions": [
            (action["action"], action.get("digitalSourceType", "")) for action in data["c2pa.actions.v2"]["actions"]
        ],
        "ingredients": [
            (item["relationship"], item["format"], "active_manifest" in item)
            for item in manifest.get("ingredients", [])
        ],
        "no camera": "No camera" in generation.get("disclosure", ""),
        "frames": generation.get("frames"),
        "names a model": "model" in generation,
    }


@pytest.fixture
def api(settings: Settings, studio: Studio) -> Iterator[httpx.Client]:
    """A server that paints."""
    thread = threading.Thread(target=work, args=(studio,))
    with client_of(settings) as client:
        thread.start()
        yield client
        studio.draining.set()
        thread.join()


def _make(api: httpx.Client, path: str, folder: Path, fields: dict[str, str], files: dict[str, Path]) -> Path:
    """What the API makes of a form."""
    parts = {name: (file.name, file.read_bytes()) for name, file in files.items()}
    answer = api.post(path, data=fields, files=parts)
    assert answer.status_code == 200, answer.text
    return _wait(api, answer.json()["id"], folder)


def _wait(api: httpx.Client, identity: str, folder: Path) -> Path:
    with api.stream("GET", f"/v1/videos/{identity}/events") as events:
        last = [line for line in events.iter_lines() if line.startswith("data:")][-1]
    video = json.loads(last.removeprefix("data:"))
    assert video["status"] == "completed", video["error"]
    path = folder / f"{identity}.mp4"
    path.write_bytes(api.get(f"/v1/videos/{identity}/content").content)
    return path


def _run(folder: Path, *arguments: str) -> Path:
    """What the command line makes."""
    path = folder / "cli.mp4"
    assert call(app, [*arguments, *WISHES, "-o", str(path)]) == 0
    return path


VERBS: dict[str, tuple[Callable[[Path], list[str]], str, dict[str, str], str]] = {
    "extend": (
        lambda clip: ["extend", str(clip), "a red ball", "--seconds", "1"],
        "/extensions",
        {"seconds": "1"},
        "video",
    ),
    "loop": (lambda clip: ["loop", str(clip), "a red ball", "--seconds", "1"], "/loops", {"seconds": "1"}, "video"),
    "remix": (lambda clip: ["remix", str(clip), "a red ball"], "/edits", {}, "video"),
    "region": (
        lambda clip: ["edit", str(clip), "a red ball", "--box", "0,0,0.5,1"],
        "/edits",
        {"region": '{"left": 0, "top": 0, "right": 0.5, "bottom": 1}'},
        "video",
    ),
    "reframe": (
        lambda clip: ["reframe", str(clip), "a red ball", "--size", "32x16"],
        "/reframes",
        {"size": "32x16"},
        "video",
    ),
}
EXPECTED = {
    "extend": ([("c2pa.opened", ""), ("c2pa.edited", COMPOSITE)], {"painted": 12, "part": 0, "kept": 8}),
    "loop": ([("c2pa.opened", ""), ("c2pa.edited", COMPOSITE)], {"painted": 12, "part": 0, "kept": 9}),
    "remix": ([("c2pa.opened", ""), ("c2pa.edited", COMPOSITE)], {"painted": 8, "part": 0, "kept": 0}),
    "region": ([("c2pa.opened", ""), ("c2pa.edited", COMPOSITE)], {"painted": 0, "part": 8, "kept": 0}),
    "reframe": ([("c2pa.opened", ""), ("c2pa.edited", COMPOSITE)], {"painted": 0, "part": 8, "kept": 0}),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", ["mp4", "webm", "mkv"])
def test_a_cameras_clip_is_said_to_be_one_by_every_way_in(
    tmp_path: Path, api: httpx.Client, verb: str, kind: str
) -> None:
    words, route, fields, param = VERBS[verb]
    clip = shoot(kind, tmp_path, FRAMES)
    if kind == "mp4":
        attest(clip, kind, init(tmp_path / "camera"))
    ours = read_manifest(_run(tmp_path, *words(clip)))
    theirs = read_manifest(_make(api, f"/v1/videos{route}", tmp_path, {**FIELDS, **fields}, {param: clip}))
    assert theirs == ours
    actions, frames = EXPECTED[verb]
    assert ours["actions"] == actions
    assert ours["ingredients"][0][0] == "parentOf"
    assert ours["ingredients"][0][2] is (kind == "mp4"), "its credentials come along"
    assert not ours["no camera"]
    assert ours["frames"] == frames


@pytest.mark.parametrize("kind", ["ts", "apng", "mov", "avi"])
def test_other_containers_stay_the_parent_by_command_line(tmp_path: Path, stub: StubBackend, kind: str) -> None:
    clip = shoot(kind, tmp_path, FRAMES)
    told = read_manifest(_run(tmp_path, *VERBS["extend"][0](clip)))
    assert told["actions"] == EXPECTED["extend"][0]
    assert [item[0] for item in told["ingredients"]] == ["parentOf"]


def test_credentials_beside_a_clip_come_along(tmp_path: Path, stub: StubBackend) -> None:
    clip = attest(shoot("mp4", tmp_path, FRAMES), "mp4", init(tmp_path / "camera"), beside=True)
    told = read_manifest(_run(tmp_path, *VERBS["extend"][0](clip)))
    assert told["ingredients"] == [("parentOf", "video/mp4", True)]


def test_a_clip_of_ours_stays_a_models(tmp_path: Path, api: httpx.Client) -> None:
    made = _run(tmp_path, "generate", "a red ball", "--seconds", "2", "--size", "16x16")
    assert read_manifest(made)["actions"] == [("c2pa.created", MADE_BY_MODEL)]
    clip = made.rename(tmp_path / "made.mp4")
    told = [
        read_manifest(_run(tmp_path, *VERBS["extend"][0](clip))),
        read_manifest(_make(api, "/v1/videos/extensions", tmp_path, {**FIELDS, "seconds": "1"}, {"video": clip})),
    ]
    assert told[0] == told[1]
    assert told[0]["actions"] == [("c2pa.opened", ""), ("c2pa.edited", MADE_BY_MODEL)]
    assert told[0]["ingredients"] == [("parentOf", "video/mp4", True)]
    assert told[0]["no camera"]


def test_a_picture_to_begin_with_is_placed(tmp_path: Path, api: httpx.Client) -> None:
    picture = shoot("png", tmp_path, FRAMES)
    ours = read_manifest(
        _run(tmp_path, "generate", "a red ball", "--seconds", "1", "--size", "16x16", "--image", str(picture))
    )
    fields = {**FIELDS, "seconds": "1", "size": "16x16"}
    theirs = read_manifest(_make(api, "/v1/videos", tmp_path, fields, {"input_reference": picture}))
    assert theirs == ours
    assert ours["actions"] == [("c2pa.created", COMPOSITE), ("c2pa.placed", "")]
    assert ours["ingredients"] == [("componentOf", "image/png", False)]
    assert ours["frames"] == {"painted": 3, "part": 0, "kept": 1}
    assert not ours["no camera"]


def test_where_nothing_is_painted_nothing_is_claimed(tmp_path: Path, api: httpx.Client) -> None:
    clip = shoot("mp4", tmp_path, FRAMES)
    ours = read_manifest(_run(tmp_path, "recut", "a red ball", "--keep", f"{clip}#0-0.5@0", "--seconds", "0.5"))
    assert ours["actions"] == [("c2pa.opened", ""), ("c2pa.edited", "")]
    assert ours["ingredients"] == [("parentOf", "video/mp4", False)]
    assert (ours["no camera"], ours["names a model"]) == (False, False)


def test_by_mcp_it_is_the_same(tmp_path: Path, api: httpx.Client) -> None:
    from ozora.server.caller import Caller
    from tests.server.test_mcp import ask

    caller = Caller(url=str(api.base_url).rstrip("/"), key=api.headers.get("authorization", "").removeprefix("Bearer "))
    made = ask(
        make_mcp(caller), "generate_video", {"prompt": "a red ball", "seconds": 1, "size": "16x16", "model": "stub"}
    )
    assert made.structured_content is not None
    first = _wait(api, made.structured_content["id"], tmp_path)
    assert read_manifest(first)["actions"] == [("c2pa.created", MADE_BY_MODEL)]
    longer = ask(
        make_mcp(caller), "extend_video", {"video_id": made.structured_content["id"], "prompt": "a ball", "seconds": 1}
    )
    assert longer.structured_content is not None
    told = read_manifest(_wait(api, longer.structured_content["id"], tmp_path))
    assert told["actions"] == [("c2pa.opened", ""), ("c2pa.edited", MADE_BY_MODEL)]
    assert told["ingredients"] == [("parentOf", "video/mp4", True)]


@pytest.mark.parametrize("kind", SIGNED)
def test_no_way_in_asks_anybody_for_credentials(tmp_path: Path, api: httpx.Client, kind: str) -> None:
    """Checked, given to a command, sent to the server and painted from: the address in the file hears nothing."""
    with listening() as (address, asked):
        path = attest(shoot(kind, tmp_path, FRAMES), kind, init(tmp_path / "camera"), address=address)
        assert address.encode() in path.read_bytes()
        assert call(app, ["verify", str(path)]) == 0
        answer = api.post("/v1/content_provenance_checks", files={"file": (path.name, path.read_bytes())})
        assert answer.status_code in (200, 400), answer.text  # not every kind is taken
        is_film = kind in ("mp4", "mov", "avi")
        if is_film:
            told = read_manifest(_run(tmp_path, *VERBS["extend"][0](path)))
        else:
            words = ["generate", "a red ball", "--seconds", "1", "--size", "16x16", "--image", str(path)]
            told = read_manifest(_run(tmp_path, *words))
        assert len(told["ingredients"]) == 1
        if kind in ("mp4", "mov"):
            fields = {**FIELDS, "seconds": "1"}
            _make(api, "/v1/videos/extensions", tmp_path, fields, {"video": path})
        elif kind not in ("tiff", "avi"):
            fields = {**FIELDS, "seconds": "1", "size": "16x16"}
            _make(api, "/v1/videos", tmp_path, fields, {"input_reference": path})
        assert not asked


@pytest.mark.parametrize("kind", ["jpeg", "png", "mp4"])
def test_damaged_credentials_cost_no_take(tmp_path: Path, api: httpx.Client, kind: str) -> None:
    path = damage(attest(shoot(kind, tmp_path, FRAMES), kind, init(tmp_path / "camera")))
    if kind == "mp4":
        told = read_manifest(_run(tmp_path, *VERBS["extend"][0](path)))
        _make(api, "/v1/videos/extensions", tmp_path, {**FIELDS, "seconds": "1"}, {"video": path})
    else:
        fields = {**FIELDS, "seconds": "1", "size": "16x16"}
        told = read_manifest(_make(api, "/v1/videos", tmp_path, fields, {"input_reference": path}))
    assert told["ingredients"][0][2] is False
