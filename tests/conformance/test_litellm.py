"""LiteLLM as a proxy in front of the server, with both providers of its that speak the Videos API.

What it cannot do by itself (1.106: lists, looking at characters, variants of the content) goes to the closed API or is
dropped in the proxy, and is not asked here. Its ids of remixes, edits and extensions lose where they are from, so that
those are looked at on the server.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ozora.server.database import Database
from tests.conformance.environments import environment
from tests.server.live import local_header, local_key

PROXY = "litellm[proxy]>=1.106,<2"
PROVIDERS = ("openai", "hosted_vllm")
START_S = 180.0

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def proxy(server: tuple[str, Database], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the proxy, which knows a model for each provider."""
    url, _ = server
    program, folder = str(environment(PROXY) / "litellm"), tmp_path_factory.mktemp("litellm")
    models = [
        {
            "model_name": provider,
            "litellm_params": {"model": f"{provider}/sora-2", "api_base": f"{url}/v1", "api_key": local_key()},
        }
        for provider in PROVIDERS
    ]
    (folder / "config.yaml").write_text(json.dumps({"model_list": models}))  # YAML takes JSON
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = f"sk-{secrets.token_hex(24)}"
    variables = {**os.environ, "LITELLM_MASTER_KEY": key, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    command = [program, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with running(command, folder, variables):
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False) as client:
            wait_for(client, folder)
            yield client


@contextlib.contextmanager
def running(command: list[str], folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """A program for the length of the block; what it says goes to ``log``."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(client: httpx.Client, folder: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if client.get("/health/liveliness").is_success:
                return
        time.sleep(0.5)
    raise AssertionError((folder / "log").read_text()[-3000:])


def name_here(identity: str) -> str:
    """Our id in one of the proxy's, which say more behind it since 1.106: ``...;video_id:ID;deployment_id:...``."""
    said = base64.b64decode(identity.removeprefix("video_")).decode()
    return said.rpartition("video_id:")[2].partition(";")[0]


def finish(client: httpx.Client, made: httpx.Response, url: str = "") -> dict[str, Any]:
    """The video of an answer when it has ended; asked at the proxy, or at the server of ``url``."""
    assert made.status_code == 200, made.text
    identity, until = made.json()["id"], time.monotonic() + 60
    where = f"{url}/v1/videos/{name_here(identity)}" if url else f"{client.base_url}/v1/videos/{identity}"
    headers = {"authorization": client.headers["authorization"]} if not url else local_header()
    while time.monotonic() < until:
        video: dict[str, Any] = httpx.get(where, headers=headers, timeout=60, trust_env=False).json()
        if video["status"] in ("completed", "failed"):
            return {**video, "id": identity}  # it wraps ids anew in every answer
        time.sleep(0.2)
    raise AssertionError(video)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_verb_goes_through(proxy: httpx.Client, server: tuple[str, Database], provider: str) -> None:
    fields = {"prompt": "a ball", "model": provider, "seconds": "1", "size": "64x64"}
    made = finish(proxy, proxy.post("/v1/videos", files={name: (None, value) for name, value in fields.items()}))
    assert (made["status"], made["progress"], made["seconds"], made["size"]) == ("completed", 100, "1", "64x64")
    clip = proxy.get(f"/v1/videos/{made['id']}/content").content
    assert clip[4:8] == b"ftyp"
    remixed = proxy.post(f"/v1/videos/{made['id']}/remix", json={"prompt": "at night"})
    by_id = {"video": {"id": made["id"]}, "model": provider}
    edited = proxy.post("/v1/videos/edits", json={"prompt": "at night", **by_id})
    longer = proxy.post("/v1/videos/extensions", json={"prompt": "on", "seconds": "1", **by_id})
    ended = [finish(proxy, answer, server[0]) for answer in (remixed, edited, longer)]
    assert [video["status"] for video in ended] == ["completed"] * 3
    assert {video["parent_id"] for video in ended} == {name_here(made["id"])}
    assert longer.json()["seconds"] == "2"
    character = proxy.post(
        "/v1/videos/characters", data={"name": "Mo", "model": provider}, files={"video": ("a.mp4", clip)}
    )
    assert character.status_code == 200 and character.json()["name"] == "Mo", character.text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_first_frame_and_our_own_fields_go_through(proxy: httpx.Client, provider: str) -> None:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
    fields = {"prompt": "a ball", "model": provider, "seconds": "1", "size": "64x64", "seed": "7"}
    made = finish(proxy, proxy.post("/v1/videos", data=fields, files={"input_reference": ("a.png", pixel)}))
    assert made["status"] == "completed"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_errors_come_back_as_errors(proxy: httpx.Client, provider: str) -> None:
    refused = proxy.post("/v1/videos", data={"prompt": "x", "model": provider, "size": "big"})
    assert refused.status_code == 400 and "is no size" in refused.text
    refused = proxy.post("/v1/videos", data={"prompt": "a beheading", "model": provider})
    assert refused.status_code == 400 and "moderation_blocked" in refused.text
    failed = finish(proxy, proxy.post("/v1/videos", data={"prompt": "an unfit ball", "model": provider}))
    assert failed["status"] == "failed" and failed["error"]["code"] == "invalid_value"
