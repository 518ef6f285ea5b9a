from __future__ import annotations

import asyncio
import dataclasses

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ozora.errors import OutOfMemoryError, OzoraError
from ozora.server import envelope as module
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.envelope import Envelope
from ozora.server.logs import LOGGER
from ozora.server.problems import problem_of


def test_every_request_has_an_id_of_its_own(client: httpx.Client) -> None:
    first, second = (client.get("/healthz").headers["x-request-id"] for _ in range(2))
    assert first.startswith("req_") and first != second


def test_what_all_requests_hold_together_is_bounded(desk: Desk, database: Database) -> None:
    """A thousand large bodies at once would be as bad as one that is too large."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
            await Response()(scope, receive, send)
        except OzoraError as error:
            problem = problem_of(error)
            await JSONResponse(problem.to_dict(), problem.status, problem.headers())(scope, receive, send)

    envelope = Envelope(
        app, dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, max_upload_bytes=100))
    )

    async def send_all(count: int) -> list[int]:
        ready = asyncio.Event()

        async def call() -> int:
            statuses: list[int] = []
            pieces = iter([b"x" * 90, b"x" * 10])

            async def receive() -> Message:
                piece = next(pieces)
                if len(piece) == 10:
                    await ready.wait()
                return {"type": "http.request", "body": piece, "more_body": len(piece) > 10}

            async def send(message: Message) -> None:
                statuses.append(message.get("status", 0))

            scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
            await envelope(scope, receive, send)
            return statuses[0]

        calls = [asyncio.create_task(call()) for _ in range(count)]
        await asyncio.sleep(0.05)
        ready.set()
        return await asyncio.gather(*calls)

    assert sorted(asyncio.run(send_all(6))) == [200] * 4 + [503] * 2
    assert asyncio.run(send_all(4)) == [200] * 4  # it is forgotten when they end


SCOPE: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}


async def _nothing() -> Message:
    await asyncio.sleep(60)
    raise AssertionError


def _answers(desk: Desk, app: ASGIApp, *, stop_after_s: float | None = None) -> list[Message]:
    """What a client is sent whose body never comes."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def call() -> None:
        task = asyncio.create_task(Envelope(app, desk)(SCOPE, _nothing, send))
        if stop_after_s is not None:
            await asyncio.sleep(stop_after_s)
            task.cancel()
        await task

    asyncio.run(call())
    return sent


def test_what_nobody_foresaw_is_answered_and_logged_with_the_id(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret")

    with caplog.at_level("ERROR", logger="ozora.server"):
        LOGGER.propagate = True
        start, body = _answers(desk, app)
    identity = dict(start["headers"])[b"x-request-id"].decode()
    assert start["status"] == 500 and b"secret" not in body["body"]
    assert [record.__dict__["request"] for record in caplog.records] == [identity]


def test_a_body_that_does_not_come_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.05)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except OzoraError as error:
            await JSONResponse({}, problem_of(error).status)(scope, receive, send)

    assert _answers(desk, app)[0]["status"] == 408


def test_who_waits_when_the_server_is_stopped_is_told_to_come_again(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    start, _ = _answers(desk, app, stop_after_s=0.05)
    assert start["status"] == 503 and b"retry-after" in dict(start["headers"])


def test_a_request_that_finds_no_memory_can_be_tried_again(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        bytearray(1 << 62)

    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(Envelope(app, desk)(scope, receive, send))
    assert answers[0]["status"] == 503
    assert b"retry-after" in dict(answers[0]["headers"])
    assert OutOfMemoryError.public.encode() in answers[1]["body"]
