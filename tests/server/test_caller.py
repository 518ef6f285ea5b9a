from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from ozora.errors import RequestError, StoreError
from ozora.server.caller import Caller, caller_of


class Moody(BaseHTTPRequestHandler):
    """Refuses the first request of a path with 503 and takes the second."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        type(self).seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.rfile.read(int(self.headers.get("content-length", 0)))
        known = sum(path == self.path for path, _ in type(self).seen) > 1
        data = json.dumps({"ok": True} if known else {"error": {}}).encode()
        self.send_response(200 if known else 503)
        for name, value in {"retry-after-ms": "1", "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing on the screen."""


@pytest.fixture
def moody() -> Iterator[str]:
    Moody.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Moody) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_may_pass_is_asked_again_as_the_same_call(moody: str) -> None:
    answer = asyncio.run(Caller(url=moody, key="oz_1").post("videos", {"prompt": "x", "seed": None}))
    assert answer.data == {"ok": True}
    (_, first), (_, second) = Moody.seen
    assert first["idempotency-key"] == second["idempotency-key"] != ""
    assert first["authorization"] == "Bearer oz_1"
    assert first["content-length"] == str(len('{"prompt":"x"}'))


def test_an_error_is_the_servers_own(client: httpx.Client) -> None:
    caller = caller_of(str(client.base_url), "")
    with pytest.raises(RequestError, match="there is no video") as refused:
        asyncio.run(caller.get("videos/video_no"))
    assert (refused.value.status, refused.value.code, refused.value.param) == (404, "not_found", "video_id")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense"])
def test_no_server_is_said(url: str) -> None:
    with pytest.raises(StoreError, match="ozora serve"):
        asyncio.run(Caller(url=url).get("videos"))


def test_the_key_of_this_machine_stays_on_it() -> None:
    key = caller_of("http://localhost:8000", "").key
    assert key.startswith("oz_local_")
    assert caller_of("http://localhost:8000", "oz_1").key == "oz_1"
    for url in (
        "http://127.0.0.1.example.org:8000",
        "http://127.0.0.1@example.org",
        "https://example.org",
        "http://[1",
    ):
        assert caller_of(url, "").key == "", url
