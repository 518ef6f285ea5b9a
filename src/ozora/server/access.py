"""Who asks, and whether they may: the key that a request brings says it, and nothing else does.

Address, host and the headers of proxies give nobody anything. This machine's own user has a key too, see
``local_key``; a page of another site cannot send it, since browsers ask first (CORS) and we allow no page anything.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ozora.errors import RequestError
from ozora.server import keys
from ozora.server.desk import Desk
from ozora.server.keys import LOCAL_KEY, Key

KNOWN_S = 1.0  # so long a right key is not looked up again, and a revoked one still opens
MAX_KNOWN = 10_000
MISSING = (
    "an API key is needed, as the header 'Authorization: Bearer KEY'. On the machine of the server `ozora keys local` "
    "prints one: export OPENAI_API_KEY=$(ozora keys local); for everybody else `ozora keys create` makes one"
)


class Door:
    """Checks keys and their rates; the rates are of this process."""

    def __init__(self, desk: Desk, local_key: str) -> None:
        self._desk, self._local = desk, _digest(local_key)
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        self._known: dict[bytes, tuple[Key, float]] = {}

    def open(self, scope: str, *, counted: bool = False) -> Callable[[Request], Awaitable[Key]]:
        """A dependency of FastAPI: the key of a request that may do ``scope``; ``RequestError`` otherwise. Looking is
        not ``counted`` in a key's requests a minute, unless it is work."""

        async def caller(request: Request) -> Key:
            key = await self._key(request)
            if scope not in key.scopes:
                raise RequestError(f"this key may not '{scope}'", status=403, code="insufficient_scope")
            if counted or scope != "read":
                self._spend(key)
            return key

        return caller

    async def _key(self, request: Request) -> Key:
        text = bearer_of(request.headers)
        if not text:
            raise RequestError(MISSING, status=401, code="invalid_api_key")
        digest = _digest(text)
        if hmac.compare_digest(digest, self._local):  # takes as long for a wrong guess as for the right text
            return LOCAL_KEY
        known = self._known.get(digest)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        key = await run_in_threadpool(self._check, text)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[digest] = (key, time.monotonic() + KNOWN_S)
        return key

    def _check(self, text: str) -> Key:
        with self._desk.database.reading() as connection:
            return keys.check(connection, text)

    def _spend(self, key: Key) -> None:
        """One request of a key's minute: a bucket that fills evenly and holds a quarter of a minute's worth."""
        rate = key.limits.requests_a_minute / 60
        size = max(1.0, rate * 15)
        now = time.monotonic()
        with self._lock:
            level, seen = self._buckets.get(key.id, (size, now))
            level = min(size, level + (now - seen) * rate)
            allowed = level >= 1
            self._buckets[key.id] = (level - 1 if allowed else level, now)
        if not allowed:
            message = f"more than {key.limits.requests_a_minute} requests a minute; slow down"
            raise RequestError(message, status=429, code="rate_limit_exceeded")


def bearer_of(headers: Mapping[str, str]) -> str:
    """The key in the header ``Authorization`` (RFC 6750); empty when there is none."""
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
