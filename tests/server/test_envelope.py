from __future__ import annotations

import asyncio
import dataclasses

import httpx
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from ozora.errors import OzoraError
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.envelope import Envelope
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
