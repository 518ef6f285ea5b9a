"""The Model Context Protocol in front of a running server: tools that ask its HTTP API, so that jobs have one way in.

https://modelcontextprotocol.io, specification 2026-07-28; the SDK answers older clients too. A video is text with a
link to a resource, since the protocol has no kind of content for video.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import CallToolResult, ContentBlock, ResourceLink, TextContent, ToolAnnotations
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ozora import __version__
from ozora.errors import OzoraError, RequestError
from ozora.server.access import bearer_of
from ozora.server.caller import Caller
from ozora.server.connection import connection_class
from ozora.server.crowd import make_crowd
from ozora.server.jobs import COMPLETED, ENDED, FAILED
from ozora.server.problems import problem_of

WAIT_S = 900.0  # so long a tool waits for a video; after that it goes on without being waited for
UNKEYED = (
    "over HTTP each request needs a key of its own, as the header 'Authorization: Bearer KEY'; on the machine of the "
    "server `ozora keys local` prints one"
)
INSTRUCTIONS = (
    "Makes short videos from text. generate_video, edit_video and extend_video wait until the video is done unless "
    "wait is false; then ask get_video. The content is the resource video://{id}/content (MP4)."
)
MAKES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
STOPS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

VideoId = Annotated[str, Field(description='The id of a video, such as "video_1f..."', pattern=r"^video_\w+$")]
PromptText = Annotated[str, Field(description="What to see, in words", min_length=1, max_length=2000)]
Seconds = Annotated[float, Field(description="How long, in seconds", gt=0, le=120)]
Seed = Annotated[int | None, Field(description="The same seed gives the same pixels", ge=0, lt=2**63)]
Wait = Annotated[bool, Field(description="Answer when the video is done, not at once")]


class VideoError(BaseModel):
    """Why a video failed."""

    code: str
    message: str


class Video(BaseModel):
    """A video of the server; ``url`` is where its MP4 is once ``status`` is "completed"."""

    id: str
    status: str
    progress: int
    prompt: str | None
    model: str
    seconds: str
    size: str
    seed: int
    notes: list[str]
    error: VideoError | None
    url: str


class VideoList(BaseModel):
    """Some videos, the newest first; go on with ``after`` as the last id while there are more."""

    videos: list[Video]
    has_more: bool


def make_mcp(caller: Caller) -> MCPServer:
    """The tools and resources in front of the server that ``caller`` asks.

    The key of ``caller`` is for whoever started this program. Over HTTP others reach it too: there each request is
    passed on with the key that it brings, and refused when it brings none.
    """
    server = MCPServer("ozora", title="Ozora", version=__version__, instructions=INSTRUCTIONS)
    _add_makers(server, caller)
    _add_lookers(server, caller)
    _add_resources(server, caller)
    return server


def serve_stdio(caller: Caller) -> None:
    """Answer on the standard streams until the input ends."""
    anyio.run(make_mcp(caller).run_stdio_async)


def serve_http(url: str, port: int) -> None:
    """Answer at ``http://127.0.0.1:PORT/mcp`` until interrupted, in front of the server at ``url``."""
    app = KeyedOnly(make_mcp(Caller(url=url)).streamable_http_app(host="127.0.0.1"))
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        http=connection_class(make_crowd()),
        ws="none",
    )
    uvicorn.Server(config).run()


class KeyedOnly:
    """Wraps an application and is one: requests without a key are answered with 401."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or bearer_of(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        problem = problem_of(RequestError(UNKEYED, status=401, code="invalid_api_key"))
        answer = JSONResponse(problem.to_dict(), 401, {**problem.headers(), "www-authenticate": "Bearer"})
        await answer(scope, receive, send)


def _add_makers(server: MCPServer, caller: Caller) -> None:
    @server.tool(title="Generate a video", annotations=MAKES)
    async def generate_video(
        prompt: PromptText,
        context: Context,
        seconds: Seconds = 4,
        size: Annotated[str | None, Field(description="Pixels such as 1280x720")] = None,
        model: Annotated[str | None, Field(description="A name that the server knows")] = None,
        seed: Seed = None,
        image_url: Annotated[str | None, Field(description="A picture to begin with: https or data URL")] = None,
        wait: Wait = True,
    ) -> Annotated[CallToolResult, Video]:
        """Make a video from a sentence, and from a first frame if one is given."""
        body = {"prompt": prompt, "seconds": f"{seconds:g}", "size": size, "model": model, "seed": seed}
        given = {"input_reference": {"image_url": image_url}} if image_url else {}
        return await _make(_for(caller, context), "videos", {**body, **given}, context, wait=wait)

    @server.tool(title="Edit a video", annotations=MAKES)
    async def edit_video(
        video_id: VideoId,
        prompt: PromptText,
        context: Context,
        strength: Annotated[float | None, Field(description="How much may change, 0 to 1", ge=0, le=1)] = None,
        seed: Seed = None,
        wait: Wait = True,
    ) -> Annotated[CallToolResult, Video]:
        """Tell a completed video anew with another prompt; the old one stays."""
        body = {"prompt": prompt, "video": {"id": video_id}, "strength": strength, "seed": seed}
        return await _make(_for(caller, context), "videos/edits", body, context, wait=wait)

    @server.tool(title="Extend a video", annotations=MAKES)
    async def extend_video(
        video_id: VideoId,
        prompt: PromptText,
        context: Context,
        seconds: Seconds = 4,
        seed: Seed = None,
        wait: Wait = True,
    ) -> Annotated[CallToolResult, Video]:
        """Let a completed video go on for some seconds; the old one stays."""
        body = {"prompt": prompt, "video": {"id": video_id}, "seconds": f"{seconds:g}", "seed": seed}
        return await _make(_for(caller, context), "videos/extensions", body, context, wait=wait)

    @server.tool(title="Cancel a video", annotations=STOPS)
    async def cancel_video(video_id: VideoId, context: Context) -> Annotated[CallToolResult, Video]:
        """Stop a video that is not done; it ends as failed with the code "cancelled"."""
        async with _errors(ToolError):
            return _shown(caller, (await _for(caller, context).post(f"videos/{video_id}/cancel")).data)


def _add_lookers(server: MCPServer, caller: Caller) -> None:
    @server.tool(title="Look at a video", annotations=LOOKS)
    async def get_video(video_id: VideoId, context: Context) -> Annotated[CallToolResult, Video]:
        """A video as it is now: its status and progress, and links to its content once it is completed."""
        async with _errors(ToolError):
            return _shown(caller, (await _for(caller, context).get(f"videos/{video_id}")).data)

    @server.tool(title="List videos", annotations=LOOKS)
    async def list_videos(
        context: Context,
        limit: Annotated[int, Field(description="How many", ge=1, le=100)] = 20,
        after: Annotated[str | None, Field(description="The last id of the list before")] = None,
    ) -> VideoList:
        """The newest videos."""
        query: dict[str, str | int] = {"limit": limit} | ({"after": after} if after else {})
        async with _errors(ToolError):
            page = (await _for(caller, context).get("videos", **query)).data
        return VideoList(videos=[_video(caller, data) for data in page["data"]], has_more=page["has_more"])


def _add_resources(server: MCPServer, caller: Caller) -> None:
    @server.resource("video://{video_id}/content", title="A video", mime_type="video/mp4")
    async def content(video_id: str, context: Context) -> bytes:
        """The MP4 of a completed video, signed."""
        return await _read(_for(caller, context), video_id, "video")

    @server.resource("video://{video_id}/thumbnail", title="A thumbnail", mime_type="image/webp")
    async def thumbnail(video_id: str, context: Context) -> bytes:
        """The middle frame of a completed video."""
        return await _read(_for(caller, context), video_id, "thumbnail")


async def _make(caller: Caller, path: str, body: dict[str, Any], context: Context, *, wait: bool) -> CallToolResult:
    """Ask for a video, and follow it to its end if that is wanted. It goes on when the client leaves."""
    async with _errors(ToolError):
        video = (await caller.post(path, body)).data
        until = time.monotonic() + WAIT_S
        while wait and video["status"] not in ENDED and time.monotonic() < until:
            await context.report_progress(video["progress"], 100, video["status"])
            answer = await caller.get(f"videos/{video['id']}")
            video = answer.data
            if video["status"] not in ENDED:
                await asyncio.sleep(answer.wait_s)
        if wait and video["status"] == COMPLETED:
            await context.report_progress(100, 100, COMPLETED)
    return _shown(caller, video, is_error=wait and video["status"] == FAILED)


async def _read(caller: Caller, video_id: str, variant: str) -> bytes:
    async with _errors(ResourceError):
        return await caller.read(f"videos/{video_id}/content", variant=variant)


def _shown(caller: Caller, data: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    """A video as text, as data, and as links to its files."""
    video = _video(caller, data)
    said = video.model_dump(mode="json")
    content: list[ContentBlock] = [TextContent(type="text", text=json.dumps(said, ensure_ascii=False))]
    if video.status == COMPLETED:
        content += [
            _link(f"{video.id}.mp4", f"video://{video.id}/content", "video/mp4"),
            _link(f"{video.id}.webp", f"video://{video.id}/thumbnail", "image/webp"),
        ]
    return CallToolResult(content=content, structured_content=said, is_error=is_error)


def _video(caller: Caller, data: dict[str, Any]) -> Video:
    url = f"{caller.url}/v1/videos/{data['id']}/content"
    return Video(**{name: data[name] for name in Video.model_fields if name != "url"}, url=url)


def _link(name: str, uri: str, media_type: str) -> ResourceLink:
    return ResourceLink(type="resource_link", name=name, uri=uri, mime_type=media_type)


def _for(caller: Caller, context: Context) -> Caller:
    """The caller, over HTTP with the key that the request brought; ``ToolError`` when it brought none there."""
    if context.headers is None:  # the standard streams: only whoever started this program can write to them
        return caller
    key = bearer_of(context.headers)
    if not key:
        raise ToolError(UNKEYED)
    return dataclasses.replace(caller, key=key)


@asynccontextmanager
async def _errors(kind: type[ToolError] | type[ResourceError]) -> AsyncIterator[None]:
    """What a person should read goes to the client as it is."""
    try:
        yield
    except OzoraError as error:
        raise kind(str(error)) from error
