"""Who asks, and whether they may.

Without a key only this machine's own user is served: when the server is bound to loopback, the request names a
loopback host (a page of another site cannot do that by DNS), comes from no other site's page, and through no proxy.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ozora.errors import RequestError
from ozora.server import keys
from ozora.server.desk import Desk
from ozora.server.keys import LOCAL_KEY, PREFIX, Key
from ozora.server.settings import LOOPBACK

KNOWN_S = 1.0  # so long a right key is not looked up again, and a revoked one still opens
MAX_KNOWN = 10_000
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Door:
    """Checks keys and their rates; the rates are of this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
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
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip() if scheme.lower() == "bearer" else ""
        if not text.startswith(PREFIX) and self._desk.settings.is_local and is_from_here(request):
            return LOCAL_KEY  # whatever key an SDK was made to send
        if not text:
            raise RequestError("an API key is needed: Authorization: Bearer oz_...", status=401, code="invalid_api_key")
        digest = hashlib.sha256(text.encode()).digest()
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


def is_from_here(request: Request) -> bool:
    """Whether a request comes from a program of this machine, as far as its headers tell."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        origin = urlsplit(request.headers.get("origin", "")).netloc
    except ValueError:
        return False
    if host not in LOOPBACK:
        return False
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    return "origin" not in request.headers or origin == request.headers.get("host", "")
