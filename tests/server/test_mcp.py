from __future__ import annotations

import base64
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import BlobResourceContents, CallToolResult, ResourceLink, TextContent

from ozora.server import keys
from ozora.server.caller import Caller, caller_of
from ozora.server.database import Database
from ozora.server.mcp import make_mcp
from ozora.server.painting import Studio
from ozora.server.settings import Settings
from ozora.server.worker import work
from ozora.trust.settings import find_home
from tests.server.live import serving
from tests.server.stub import StubBackend

TOOLS = ["cancel_video", "edit_video", "extend_video", "generate_video", "get_video", "list_videos"]


@pytest.fixture
def url(settings: Settings, studio: Studio) -> Iterator[str]:
    """A server that paints."""
    thread = threading.Thread(target=work, args=(studio,))
    with serving(settings) as url:
        thread.start()
        yield url
        studio.draining.set()
        thread.join()


def ask(server: Any, name: str, arguments: dict[str, Any], **options: Any) -> CallToolResult:
    """One call of one tool."""

    async def once() -> CallToolResult:
        async with Client(server) as client:
            return await client.call_tool(name, arguments, **options)

    return anyio.run(once)


def links(result: CallToolResult) -> list[str]:
    return [str(item.uri) for item in result.content if isinstance(item, ResourceLink)]


def text(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def test_a_video_from_tool_to_bytes(url: str, stub: StubBackend) -> None:
    stub.step_s = 0.4
    seen: list[float] = []

    async def follow(progress: float, total: float | None, message: str | None) -> None:
        assert total == 100
        seen.append(progress)

    made = ask(
        make_mcp(caller_of(url, "")),
        "generate_video",
        {"prompt": "a ball", "seconds": 1, "size": "16x16", "seed": 7, "model": "stub"},
        progress_callback=follow,
    )
    video = made.structured_content
    assert video is not None and not made.is_error
    assert (video["status"], video["progress"], video["seed"], video["error"]) == ("completed", 100, 7, None)
    assert links(made) == [f"video://{video['id']}/content", f"video://{video['id']}/thumbnail"]
    assert seen == sorted(seen) and seen[-1] == 100 and len(seen) >= 2

    async def look() -> tuple[bytes, bytes]:
        async with Client(make_mcp(caller_of(url, ""))) as client:
            parts = []
            for uri in links(made):
                (content,) = (await client.read_resource(uri)).contents
                assert isinstance(content, BlobResourceContents)
                parts.append(base64.b64decode(content.blob))
            return parts[0], parts[1]

    clip, picture = anyio.run(look)
    assert clip[4:8] == b"ftyp" and picture[8:12] == b"WEBP"


def test_a_video_is_edited_extended_and_listed(url: str) -> None:
    server = make_mcp(caller_of(url, ""))
    said = {"prompt": "a ball", "seconds": 1, "size": "16x16", "model": "stub"}
    first = ask(server, "generate_video", said).structured_content
    assert first is not None
    edited = ask(server, "edit_video", {"video_id": first["id"], "prompt": "a cube", "strength": 0.3})
    longer = ask(server, "extend_video", {"video_id": first["id"], "prompt": "on", "seconds": 2}).structured_content
    assert edited.structured_content is not None and longer is not None
    assert (edited.structured_content["status"], longer["status"], longer["seconds"]) == ("completed", "completed", "3")
    page = ask(server, "list_videos", {"limit": 2}).structured_content
    assert page is not None and page["has_more"]
    assert [video["id"] for video in page["videos"]] == [longer["id"], edited.structured_content["id"]]
    rest = ask(server, "list_videos", {"after": page["videos"][-1]["id"]}).structured_content
    assert rest is not None and [video["id"] for video in rest["videos"]] == [first["id"]]


def test_one_need_not_wait_and_may_stop(url: str, stub: StubBackend) -> None:
    stub.step_s = 2.0
    server = make_mcp(caller_of(url, ""))
    made = ask(server, "generate_video", {"prompt": "a ball", "model": "stub", "wait": False})
    assert made.structured_content is not None and links(made) == []
    identity = made.structured_content["id"]
    assert made.structured_content["status"] == "queued"
    ask(server, "cancel_video", {"video_id": identity})
    until = time.monotonic() + 20
    video: dict[str, Any] | None = None
    while time.monotonic() < until and (video is None or video["status"] != "failed"):
        video = ask(server, "get_video", {"video_id": identity}).structured_content
        time.sleep(0.1)
    assert video is not None and video["error"]["code"] == "cancelled"


def test_what_goes_wrong_is_told_in_words(url: str) -> None:
    server = make_mcp(caller_of(url, ""))
    failed = ask(server, "generate_video", {"prompt": "an unfit ball", "model": "stub"})
    assert failed.is_error and "this is unfit" in text(failed)
    for name, arguments, said in (
        ("get_video", {"video_id": "video_no"}, "there is no video"),
        ("generate_video", {"prompt": "a beheading"}, "refused"),
        ("generate_video", {"prompt": "a ball", "size": "big"}, "no size"),
        ("extend_video", {"video_id": "../files", "prompt": "on"}, "video_id"),
    ):
        refused = ask(server, name, arguments)
        assert refused.is_error and said in text(refused), (name, text(refused))
    away = ask(make_mcp(Caller(url="http://127.0.0.1:9")), "list_videos", {})
    assert away.is_error and "ozora serve" in text(away)


def test_every_tool_says_what_it_takes_and_gives(url: str) -> None:
    async def tools() -> list[Any]:
        async with Client(make_mcp(caller_of(url, ""))) as client:
            return (await client.list_tools()).tools

    found = anyio.run(tools)
    assert sorted(tool.name for tool in found) == TOOLS
    for tool in found:
        assert tool.description and tool.output_schema and tool.annotations
        assert all(field.get("description") for field in tool.input_schema["properties"].values()), tool.name


def test_over_the_standard_streams(url: str) -> None:
    program = str(Path(sys.executable).with_name("ozora"))
    variables = {"OZORA_API_URL": url, **{name: os.environ.get(name, "") for name in ("PYTHONPATH", "OZORA_HOME")}}
    server = StdioServerParameters(command=program, args=["mcp"], env=variables)
    made = ask(server, "generate_video", {"prompt": "a ball", "model": "stub"})
    assert made.structured_content is not None and made.structured_content["status"] == "completed"


@contextlib.contextmanager
def over_http(url: str, home: Path) -> Iterator[str]:
    """The address of ``ozora mcp --http`` in front of the server at ``url``; it has the same home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-c", "from ozora.cli import main; main()", "mcp", "--http", "--port", str(port)]
    variables = {**os.environ, "OZORA_API_URL": url, "OZORA_HOME": str(home)}
    server = subprocess.Popen(program, env=variables, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/mcp"
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(address, timeout=2, trust_env=False)
                break
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_over_http_each_request_brings_its_own_key(database: Database, url: str) -> None:
    with database.writing() as connection:
        _, key = keys.create(connection, "studio", now=0.0)

    def ask_with(address: str, headers: dict[str, str]) -> CallToolResult:
        async def once() -> CallToolResult:
            async with (
                create_mcp_http_client(headers=headers) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                return await client.call_tool("generate_video", {"prompt": "a ball", "model": "stub"})

        return anyio.run(once)

    with over_http(url, find_home()) as address:
        made = ask_with(address, {"authorization": f"Bearer {key}"}).structured_content
        wrong = ask_with(address, {"authorization": "Bearer oz_wrong"})
        unkeyed = httpx.post(address, json={}, trust_env=False)
    assert made is not None and made["status"] == "completed"
    assert wrong.is_error and "the API key is wrong" in text(wrong)
    assert (unkeyed.status_code, unkeyed.headers["www-authenticate"]) == (401, "Bearer")
    assert "ozora keys local" in unkeyed.json()["error"]["message"]
    ours = ask(make_mcp(caller_of(url, "")), "list_videos", {}).structured_content
    assert ours is not None and ours["videos"] == [], "nothing was made in the name of this machine's user"


def test_the_key_of_the_program_is_not_lent_over_http(url: str) -> None:
    """Even where the wrapper that answers 401 is missing."""
    app = make_mcp(caller_of(url, "")).streamable_http_app(host="127.0.0.1")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        refused = ask(f"http://127.0.0.1:{port}/mcp", "list_videos", {})
    finally:
        server.should_exit = True
        thread.join()
    assert refused.is_error and "needs a key of its own" in text(refused)
