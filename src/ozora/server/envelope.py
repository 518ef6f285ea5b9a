"""Around every request: an id, bounds on the body, an answer whatever happens, a count and a line in the log.

Plain ASGI.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ozora.errors import BusyError, RequestError
from ozora.server.desk import Desk
from ozora.server.logs import LOGGER
from ozora.server.polls import PATH
from ozora.server.problems import problem_of

QUIET = ("/healthz", "/readyz", "/metrics")
AT_ONCE = 4  # bodies of the largest size that one process holds; more smaller ones
SILENCE_S = 30.0  # a client may take between two pieces of a body


@dataclass(slots=True)
class _Body:
    """What has come of a body."""

    size_bytes: int = 0


class Envelope:
    """Wraps an application and is one."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app, self._desk = app, desk
        self._mark, self._numbers = secrets.token_hex(6), itertools.count(1)
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id, status = time.perf_counter(), f"req_{self._mark}{next(self._numbers):012x}", 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        limit, body = self._desk.settings.max_upload_bytes, _Body()
        try:
            length = Headers(scope=scope).get("content-length", "0")
            if length.isdigit() and int(length) > limit:
                await _refuse(_too_large(limit), scope, receive, answer)
            else:
                await self._app(scope, self._bounded(receive, limit, body), answer)
        except asyncio.CancelledError:  # the process is told to stop, and did not wait any longer
            if status:
                raise
            await _refuse(BusyError("the server is being restarted; try again"), scope, receive, answer)
        except Exception as error:
            LOGGER.exception("request failed", extra={"request": request_id})
            if status:
                raise
            await _refuse(error, scope, receive, answer)
        finally:
            self._held_bytes -= body.size_bytes
            route = getattr(scope.get("route"), "path", "unknown")
            took_s = time.perf_counter() - began
            status = status or 500
            self._desk.meters.count(scope["method"], route, status, took_s)
            # A line for each look at a video that is there would drown all others.
            if route not in QUIET and not (route == PATH and scope["method"] == "GET" and status < 400):
                seen = {"request": request_id, "method": scope["method"], "route": route, "status": status}
                LOGGER.info("request", extra={**seen, "took_ms": round(took_s * 1000, 1)})

    def _bounded(self, receive: Receive, limit: int, body: _Body) -> Receive:
        """``receive`` for bodies that do not say how long they are or do not come; what all requests hold together is
        bounded too."""
        whole = False

        async def bounded() -> Message:
            nonlocal whole
            try:
                message = await asyncio.wait_for(receive(), None if whole else SILENCE_S)
            except TimeoutError:
                raise _silent() from None
            whole = not message.get("more_body", False)
            size = len(message.get("body", b""))
            body.size_bytes += size
            self._held_bytes += size
            if body.size_bytes > limit:
                raise _too_large(limit)
            if self._held_bytes > AT_ONCE * limit:
                raise BusyError("too many large files are being sent; try again in a moment")
            return message

        return bounded


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    problem = problem_of(error)
    await JSONResponse(problem.to_dict(), problem.status, problem.headers())(scope, receive, send)


def _silent() -> RequestError:
    message = f"nothing of the body came for {SILENCE_S:g} seconds; send it again"
    return RequestError(message, status=408, code="timeout")


def _too_large(limit: int) -> RequestError:
    return RequestError(f"the body is larger than {limit // 1_000_000} MB", status=413, code="too_large")
