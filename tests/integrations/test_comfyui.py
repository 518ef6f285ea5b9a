"""The node pack against the real API, and against the contract of docs.comfy.org (custom nodes, "Properties")."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from integrations.comfyui import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS
from integrations.comfyui.api import OzoraError, Server, local_key
from integrations.comfyui.frames import read_frames, write_frames, write_picture
from integrations.comfyui.nodes import OzoraEdit, OzoraExtend, OzoraGenerate, OzoraRemix

from ozora.server import keys
from ozora.server.database import Database
from ozora.server.local_key import keep_local_key
from ozora.server.painting import Studio
from ozora.server.settings import Settings
from ozora.server.worker import work
from tests.server.live import local_header, serving
from tests.server.stub import StubBackend

PACK = Path(__file__).parents[2] / "integrations" / "comfyui"
KNOWN_TYPES = {"IMAGE", "STRING", "INT", "FLOAT", "BOOLEAN", "MASK", "LATENT"}
OPTIONS = {
    *("default", "min", "max", "step", "label_on", "label_off", "defaultInput", "forceInput", "multiline"),
    *("placeholder", "dynamicPrompts", "lazy", "rawLink", "tooltip", "control_after_generate"),
}
NODES = list(NODE_CLASS_MAPPINGS.values())


@pytest.fixture
def url(settings: Settings, studio: Studio) -> Iterator[str]:
    """A server that paints."""
    thread = threading.Thread(target=work, args=(studio,))
    with serving(settings) as url:
        thread.start()
        yield url
        studio.draining.set()
        thread.join()


def generate(url: str, **changes: Any) -> tuple[torch.Tensor, str, float]:
    said = {"prompt": "a ball", "seconds": 1.0, "size": "64x32", "seed": 7, "model": "stub", "server": url}
    return OzoraGenerate().run(**{**said, **changes})


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_node_keeps_the_contract(node: Any) -> None:
    inputs = node.INPUT_TYPES()
    assert inspect.ismethod(node.INPUT_TYPES)
    assert "required" in inputs and set(inputs) <= {"required", "optional", "hidden"}
    for specification in (value for part in inputs.values() for value in part.values()):
        kind, options = specification
        assert kind in KNOWN_TYPES and set(options) <= OPTIONS
        assert "default" in options or kind == "IMAGE"
        assert type(options.get("default", "")).__name__ in {"INT": "int", "FLOAT": "float"}.get(kind, "str")
    assert isinstance(node.RETURN_TYPES, tuple) and set(node.RETURN_TYPES) <= KNOWN_TYPES
    assert len(node.RETURN_NAMES) == len(node.RETURN_TYPES)
    assert isinstance(node.CATEGORY, str) and node.DESCRIPTION
    signature = inspect.signature(getattr(node(), node.FUNCTION))
    assert set(signature.parameters) == {name for part in inputs.values() for name in part}
    optional = {name for name, parameter in signature.parameters.items() if parameter.default is not parameter.empty}
    assert optional == set(inputs.get("optional", {}))


def test_the_folder_loads_as_comfyui_loads_it() -> None:
    """By its path, under whatever name its folder has."""
    name = str(PACK).replace(".", "_x_")
    specification = importlib.util.spec_from_file_location(name, PACK / "__init__.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
        assert set(module.NODE_CLASS_MAPPINGS) == set(module.NODE_DISPLAY_NAME_MAPPINGS)
        assert {"NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"} <= set(module.__all__)
    finally:
        for loaded in [loaded for loaded in sys.modules if loaded.startswith(name)]:
            del sys.modules[loaded]
    assert all(name.startswith("Ozora") for name in NODE_CLASS_MAPPINGS)  # unique across packs
    assert set(NODE_DISPLAY_NAME_MAPPINGS) == set(NODE_CLASS_MAPPINGS)


def test_frames_come_as_comfyui_wants_them(url: str) -> None:
    frames, identity, fps = generate(url)
    assert (frames.shape, frames.dtype, fps) == ((4, 32, 64, 3), torch.float32, 4.0)
    assert 0 <= float(frames.min()) < float(frames.max()) <= 1
    assert identity.startswith("video_")
    again, other, _ = generate(url)
    assert other != identity
    assert float((frames - again).abs().mean()) < 0.05, "the same seed, but for the watermark"


def test_a_first_frame_is_sent(url: str, stub: StubBackend) -> None:
    frames, *_ = generate(url, image=torch.full((2, 16, 16, 3), 0.5))
    assert frames.shape[0] == 4


def test_a_video_goes_on_and_is_told_anew(url: str) -> None:
    frames, identity, fps = generate(url)
    said: dict[str, Any] = {"prompt": "on", "seed": 1, "model": "stub", "server": url}
    longer, _, _ = OzoraExtend().run(**said, seconds=2.0, video_id=identity)
    assert longer.shape == (12, 32, 64, 3)
    from_frames, _, _ = OzoraExtend().run(**said, seconds=1.0, frames=frames, fps=fps)
    assert from_frames.shape == (8, 32, 64, 3)
    remixed, _, _ = OzoraRemix().run(**said, video_id=identity, strength=0.5)
    edited, _, _ = OzoraEdit().run(**said, strength=0.5, frames=frames, fps=fps)
    by_id, _, _ = OzoraEdit().run(**said, strength=0.5, video_id=identity)
    assert remixed.shape == edited.shape == by_id.shape == frames.shape


def test_what_goes_wrong_is_said(url: str) -> None:
    said: dict[str, Any] = {"prompt": "on", "seed": 1, "model": "stub", "server": url}
    with pytest.raises(OzoraError, match="this is unfit"):
        generate(url, prompt="an unfit ball")
    with pytest.raises(OzoraError, match="refused"):
        generate(url, prompt="a beheading")
    with pytest.raises(OzoraError, match="either"):
        OzoraExtend().run(**said, seconds=1.0)
    with pytest.raises(OzoraError, match="there is no video"):
        OzoraEdit().run(**said, strength=0.5, video_id="video_no")
    with pytest.raises(OzoraError, match="Ozora Edit"):
        OzoraRemix().run(**said, strength=0.5, video_id="../files")
    for server in ("cupboard", "http://127.0.0.1:9"):
        with pytest.raises(OzoraError, match=r"no address|ozora serve"):
            generate(server)


def test_whoever_stops_watching_stops_the_video(url: str, stub: StubBackend) -> None:
    stub.step_s = 0.5

    def stop(percent: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Server(url=url).make("videos", {"prompt": "a ball", "model": "stub"}, stop)
    (video,) = httpx.get(f"{url}/v1/videos", headers=local_header(), trust_env=False).json()["data"]
    until = threading.Event()
    while video["status"] == "in_progress":
        until.wait(0.1)
        video = httpx.get(f"{url}/v1/videos/{video['id']}", headers=local_header(), trust_env=False).json()
    assert (video["status"], video["error"]["code"]) == ("failed", "cancelled")


def test_progress_is_shown_where_comfyui_runs(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[int] = []
    comfy, management, utils = (types.ModuleType(name) for name in ("comfy", "model_management", "utils"))

    class ProgressBar:
        def __init__(self, total: int) -> None:
            assert total == 100

        def update_absolute(self, value: int) -> None:
            shown.append(value)

    vars(management)["throw_exception_if_processing_interrupted"] = lambda: None
    vars(utils)["ProgressBar"] = ProgressBar
    for name, module in {"comfy": comfy, "comfy.model_management": management, "comfy.utils": utils}.items():
        monkeypatch.setitem(sys.modules, name, module)
    generate(url)
    assert shown == sorted(shown) and shown[-1] == 100


def test_a_key_comes_from_the_environment(
    settings: Settings, url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        _, text = keys.create(connection, "studio", now=0.0)
    monkeypatch.setenv("OZORA_API_KEY", text)
    _, identity, _ = generate(url)
    mine = httpx.get(f"{url}/v1/videos", headers={"authorization": f"Bearer {text}"}, trust_env=False).json()["data"]
    assert [video["id"] for video in mine] == [identity]


def test_the_key_of_this_machine_is_found_and_stays_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OZORA_HOME", str(tmp_path))
    assert local_key("http://127.0.0.1:8000") == "", "there is none yet, and the server says what is missing"
    made = keep_local_key(tmp_path)
    assert local_key("http://127.0.0.1:8000") == local_key("http://localhost:1") == made
    for url in ("http://example.org", "http://127.0.0.1@example.org", "http://127.0.0.1.example.org"):
        assert local_key(url) == "", url


def test_frames_survive_the_way_to_a_file_and_back() -> None:
    ramp = torch.linspace(0.1, 0.9, 33)[None, None, :, None].expand(5, 31, 33, 3)
    back = read_frames(write_frames(ramp, 12.5))
    assert back.shape == (5, 30, 32, 3)
    assert float((back - ramp[:, :30, :32]).abs().max()) < 0.05
    assert write_picture(ramp)[:4] == b"\x89PNG"
