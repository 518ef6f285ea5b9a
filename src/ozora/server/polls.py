"""The call that waiting clients make a thousand times for each other one, answered before the framework is asked.

FastAPI's routing and dependencies take four fifths of the processor's time for it. The route of the same path stays for
what is not an id of ours, and for the OpenAPI page.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ozora.server.answers import answer_of, answer_video
from ozora.server.keys import Key
from ozora.server.lookout import Lookout

PATH = "/v1/videos/{video_id}"
_VIDEO = re.compile(r"/v1/videos/(video_[0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Route:
    """What the log and the counters call it."""

    path: str = PATH


class Polls:
    """Wraps an application and is one. ``may_read`` gives the key of a request, or raises."""

    def __init__(self, app: ASGIApp, may_read: Callable[[Request], Awaitable[Key]], lookout: Lookout) -> None:
        self._app, self._may_read, self._lookout = app, may_read, lookout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_look = scope["type"] == "http" and scope["method"] == "GET"
        match = _VIDEO.fullmatch(scope["path"]) if is_look else None
        if match is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _Route()
        request = Request(scope)
        try:
            key = await self._may_read(request)
            answer = answer_video(await self._lookout.get(match[1], key.id))
        except Exception as error:  # as the application answers its own
            answer = answer_of(request, error)
        await answer(scope, receive, send)
