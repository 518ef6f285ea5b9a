"""A real server on loopback in a thread of the test, and a client for it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator

import httpx

from ozora.server.app import make_app
from ozora.server.local_key import keep_local_key
from ozora.server.settings import Settings
from ozora.server.web import make_server
from ozora.trust.settings import find_home


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The URL of a server that runs for the length of the block."""
    settings = dataclasses.replace(settings, port=0)
    server = make_server(make_app(settings), settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def client_of(settings: Settings) -> Iterator[httpx.Client]:
    """A client of a server that runs for the length of the block; it asks as this machine's own user."""
    with (
        serving(settings) as url,
        httpx.Client(base_url=url, headers=local_header(), timeout=20, trust_env=False) as client,
    ):
        yield client


def local_header() -> dict[str, str]:
    """The header by which a request is this machine's own user's."""
    return {"authorization": f"Bearer {local_key()}"}


def local_key() -> str:
    return keep_local_key(find_home())
