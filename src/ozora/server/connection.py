"""One connection of HTTP/1.1 with bounds on what a client may send and how long it may take.

uvicorn's own protocol has none on the head of a request, which is there before anybody knows who asks: it keeps headers
without end, for ever. RFC 9110 and RFC 6585 have the answers: 408 (too slow), 431 (head too large), 503 (too many).
"""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any, cast

import httptools
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ozora.errors import RequestError, StoreError
from ozora.server.crowd import Crowd
from ozora.server.problems import problem_of

MAX_HEAD_BYTES = 65_536  # request line and headers together; also what comes behind a body
MAX_PIPELINED = 16  # requests that a client sends ahead of the answers

_BUSY, _LINGERS, _HEAD, _IDLE = "busy", "lingers", "head", "idle"


def connection_class(crowd: Crowd) -> type[asyncio.Protocol]:
    """What uvicorn makes for each connection; all of them are of one ``crowd``."""
    return cast("type[asyncio.Protocol]", functools.partial(Connection, crowd=crowd))


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, with bounds. Its clock is one timer, which runs for what the connection waits for."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        crowd: Crowd,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd, self._patience = crowd, crowd.patience
        self._state = ""
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._began = self._has_head = False  # of the request that is being read
        self._head_bytes = self._field_bytes = 0
        self._has_body = False  # the bytes that are being read hold a piece of a body
        self._refusal: Exception | None = None
        self._answered: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._crowd.limit:
            oldest = self._crowd.oldest()
            if oldest is None:
                self._refuse(StoreError("too many clients are connected; try again in a moment"))
                return
            self._crowd.leave(oldest)
            cast(asyncio.Transport, oldest).abort()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self.transport)
        for timer in (self._timer, self._stall, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        self.pipeline.clear()
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None or self.transport.is_closing():
            return  # what comes after a refusal is thrown away
        self._unset_keepalive_if_required()
        self._has_body = False
        began_before = self._began
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # to what it asks for we never change; the parser is of no use after that
        except httptools.HttpParserError:
            self._refuse(self._refusal or RequestError("this is no request of HTTP/1.1", code="invalid_request"))
            return
        if self._has_body or not began_before:
            self._head_bytes = 0
        if self._began and not self._has_body:  # of a head, or behind the last piece of a body
            self._head_bytes += len(data) if began_before else 0
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(_too_large())
                return
        self._look()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._began, self._has_head, self._field_bytes = True, False, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = RequestError("too many requests are sent ahead of their answers", status=429, code="busy")
            raise self._refusal
        self._has_head = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._has_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._began = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()
        else:
            self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(self._patience.stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:  # type: ignore[override]
        self._answered = cycle
        super()._start_asgi_task(cycle, app)  # type: ignore[arg-type]

    def _count(self, num_bytes: int) -> None:
        """Bytes of the head as it was understood, also those that came in one piece with others."""
        self._field_bytes += num_bytes
        if self._field_bytes > MAX_HEAD_BYTES:
            self._refusal = _too_large()
            raise self._refusal

    def _look(self) -> None:
        """Start the clock for what this connection waits for, if that has changed."""
        state = self._find_state()
        if state == self._state:
            return
        self._state = state
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if state == _BUSY:
            self._crowd.leave(self.transport)
            return
        self._crowd.wait(self.transport)
        if state == _HEAD or self.cycle is None:
            self._timer = self.loop.call_later(self._patience.head_s, self._end_wait)
        elif state == _LINGERS:
            self._timer = self.loop.call_later(self._patience.linger_s, self._close)
        elif self.timeout_keep_alive_task is None:
            self._timer = self.loop.call_later(self.timeout_keep_alive, self._close)

    def _find_state(self) -> str:
        if self.pipeline or (self.cycle is not None and not self.cycle.response_complete):
            return _BUSY
        if self._began:
            return _LINGERS if self._has_head else _HEAD
        return _IDLE

    def _end_wait(self) -> None:
        if self._began:
            message = f"the head of the request was not whole within {self._patience.head_s:g} seconds; send it again"
            self._refuse(RequestError(message, status=408, code="timeout"))
        else:
            self._close()

    def _refuse(self, error: Exception) -> None:
        """Answer with ``error`` if nothing else is being answered, and close."""
        self._refusal = error
        self._unset_keepalive_if_required()
        if self.cycle is None or (self.cycle.response_complete and not self.pipeline):
            problem = problem_of(error)
            body = json.dumps(problem.to_dict()).encode()
            headers = {**problem.headers(), "content-type": "application/json", "content-length": str(len(body))}
            lines = [f"{name}: {value}\r\n".encode() for name, value in {**headers, "connection": "close"}.items()]
            self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body]))
        self._close()

    def _close(self) -> None:
        """Close when what was answered has gone out, or by force a little later."""
        self._crowd.leave(self.transport)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self._patience.linger_s, self.transport.abort)
        self.transport.close()


def _too_large() -> RequestError:
    message = f"the head of a request has at most {MAX_HEAD_BYTES // 1024} KiB; send less in URL and headers"
    return RequestError(message, status=431, code="head_too_large")
