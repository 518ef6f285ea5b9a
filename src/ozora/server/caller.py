"""A program that asks a running server of the Videos API, for those who stand in front of it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import httpx

from ozora.errors import RequestError, StoreError
from ozora.server.local_key import find_local_key

TRIES = 4
TIMEOUT_S = 60.0
AWAY_S = 0.2  # before a server that does not answer is asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The object that came back, and after how many seconds to ask again."""

    data: dict[str, Any]
    wait_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where the server is, such as ``http://127.0.0.1:8000``, and the key that is sent to it, if any."""

    url: str
    key: str = ""

    async def get(self, path: str, **query: str | int) -> Answer:
        """An object; ``RequestError`` when the server refuses, ``StoreError`` when it cannot be reached."""
        answer = await self._ask("GET", path, params=query)
        return Answer(data=answer.json(), wait_s=float(answer.headers.get("openai-poll-after-ms", 1000)) / 1000)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Answer:
        """As ``get`` for a call that makes or changes something; asked twice it is done once."""
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return Answer(data=(await self._ask("POST", path, json=given)).json())

    async def read(self, path: str, **query: str | int) -> bytes:
        """The bytes of a file."""
        return (await self._ask("GET", path, params=query)).content

    async def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401 - what httpx takes
        headers = {"idempotency-key": secrets.token_hex(16)} if method == "POST" else {}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        async with httpx.AsyncClient(timeout=TIMEOUT_S, headers=headers, follow_redirects=True) as client:
            for left in reversed(range(TRIES)):
                try:
                    answer = await client.request(method, f"{self.url}/v1/{path}", **given)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    if not left:
                        raise _absence(self.url, error) from error
                    await asyncio.sleep(AWAY_S)
                    continue
                if answer.is_success:
                    return answer
                if answer.status_code not in (429, 503) or not left:
                    raise _refusal(answer)
                await asyncio.sleep(float(answer.headers.get("retry-after-ms", 1000)) / 1000)
        raise AssertionError("the last try raises")


def caller_of(url: str, key: str) -> Caller:
    """A caller of the server at ``url``; with no ``key`` it asks a server of this machine as this machine's user."""
    return Caller(url=url, key=key or find_local_key(url))


def _absence(url: str, error: Exception) -> StoreError:
    return StoreError(f"no server answers at {url} ({error or type(error).__name__}); start it with `ozora serve`")


def _refusal(answer: httpx.Response) -> RequestError:
    """The error of a server in its own words."""
    try:
        error = answer.json()["error"]
        return RequestError(
            str(error["message"]), status=answer.status_code, code=str(error["code"]), param=error["param"]
        )
    except (ValueError, KeyError, TypeError):
        return RequestError(f"the server answers {answer.status_code}", status=answer.status_code, code="unknown")
