from __future__ import annotations

import base64
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import BlobResourceContents, CallToolResult, ResourceLink, TextContent

from ozora.server import keys
from ozora.server.caller import Caller
from ozora.server.database import Database
from ozora.server.mcp import make_mcp
from ozora.server.painting import Studio
from ozora.server.settings import Settings
from ozora.server.worker import work
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
        make_mcp(Caller(url=url)),
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
        async with Client(make_mcp(Caller(url=url))) as client:
            parts = []
            for uri in links(made):
                (content,) = (await client.read_resource(uri)).contents
                assert isinstance(content, BlobResourceContents)
                parts.append(base64.b64decode(content.blob))
            return parts[0], parts[1]

    clip, picture = anyio.run(look)
    assert clip[4:8] == b"ftyp" and picture[8:12] == b"WEBP"


def test_a_video_is_edited_extended_and_listed(url: str) -> None:
    server = make_mcp(Caller(url=url))
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
    server = make_mcp(Caller(url=url))
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
    server = make_mcp(Caller(url=url))
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
        async with Client(make_mcp(Caller(url=url))) as client:
            return (await client.list_tools()).tools

    found = anyio.run(tools)
    assert sorted(tool.name for tool in found) == TOOLS
    for tool in found:
        assert tool.description and tool.output_schema and tool.annotations
        assert all(field.get("description") for field in tool.input_schema["properties"].values()), tool.name


def test_over_the_standard_streams(url: str) -> None:
    program = str(Path(sys.executable).with_name("ozora"))
    variables = {"OZORA_API_URL": url, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    server = StdioServerParameters(command=program, args=["mcp"], env=variables)
    made = ask(server, "generate_video", {"prompt": "a ball", "model": "stub"})
    assert made.structured_content is not None and made.structured_content["status"] == "completed"


@contextlib.contextmanager
def over_http(caller: Caller) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(make_mcp(caller).streamable_http_app(), port=port, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/mcp"
    server.should_exit = True
    thread.join()


def test_over_http_with_a_key(settings: Settings, database: Database, url: str) -> None:
    with database.writing() as connection:
        _, key = keys.create(connection, "studio", now=0.0)
    with over_http(Caller(url=url, key=key)) as address:
        made = ask(address, "generate_video", {"prompt": "a ball", "model": "stub"})
        assert made.structured_content is not None and made.structured_content["status"] == "completed"
        mine = ask(address, "list_videos", {}).structured_content
    others = ask(make_mcp(Caller(url=url)), "list_videos", {}).structured_content
    assert mine is not None and len(mine["videos"]) == 1
    assert others is not None and others["videos"] == []
