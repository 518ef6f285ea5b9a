"""Raw sockets against a real server: what no client of HTTP would send, and how long it may take."""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from ozora.server.crowd import Crowd, Patience
from ozora.server.settings import in_folder
from ozora.server.web import make_server

GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"GET /hello HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /refuse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.post("/refuse", status_code=401)
    async def refuse() -> str:
        return "who are you?"

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def pieces() -> object:
            while True:
                await asyncio.sleep(0)
                yield b"x" * 65536

        return StreamingResponse(pieces())  # type: ignore[arg-type]

    return app


@contextlib.contextmanager
def serving(tmp_path: Path, limit: int = 100) -> Iterator[tuple[int, Crowd]]:
    """The port of a server, and its crowd."""
    crowd = Crowd(limit=limit, patience=Patience(head_s=0.5, linger_s=0.5, stall_s=0.5))
    server = make_server(make_app(), in_folder(tmp_path), crowd)
    server.config.port = 0
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1], crowd
    finally:
        server.force_exit = server.should_exit = True
        thread.join()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with serving(tmp_path) as (port, _):
        yield port


@contextlib.contextmanager
def line_to(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        yield line


def read_all(line: socket.socket) -> bytes:
    """Everything until the server closes."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := line.recv(65536):
            said += piece
    return said


def send(line: socket.socket, data: bytes) -> None:
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        line.sendall(data)


def error_of(answer: bytes) -> tuple[int, str]:
    """Status and code of the last answer."""
    head, _, body = answer.rpartition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head[head.rindex(b"HTTP/1.1 ") :][9:12]), str(json.loads(body)["error"]["code"])


@pytest.mark.parametrize(
    "flood",
    [
        HEAD + b"X-A: " + b"a" * 400_000,
        HEAD + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
        HEAD + b"a: b\r\n" * 12_000 + b"\r\n",
        HEAD + b"a: b\r\n" * 60_000,
        b"GET /" + b"a" * 400_000,
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=[
        "a value without end",
        "a long value",
        "many headers",
        "headers without end",
        "a URL without end",
        "a long URL",
    ],
)
def test_a_head_is_bounded(flood: bytes, port: int) -> None:
    with line_to(port) as line:
        send(line, flood)
        assert error_of(read_all(line)) == (431, "head_too_large")


@pytest.mark.parametrize("behind", [b"X-A: " + b"a" * 400_000, b"a: b\r\n" * 60_000])
@pytest.mark.parametrize("path", [b"/refuse", b"/echo"])
def test_headers_behind_a_body_are_bounded(path: bytes, behind: bytes, port: int) -> None:
    with line_to(port) as line:
        line.sendall(POST.replace(b"/refuse", path) + b"1\r\nx\r\n")
        time.sleep(0.1)
        send(line, b"0\r\n" + behind)
        assert b"HTTP/1.1 200" not in read_all(line)


def test_a_head_of_the_usual_size_in_many_pieces_is_taken(port: int) -> None:
    with line_to(port) as line:
        for piece in (HEAD[:5], HEAD[5:], b"X-A: " + b"a" * 30_000, b"\r\nConnection: close\r\n", b"\r\n"):
            line.sendall(piece)
            time.sleep(0.02)
        assert read_all(line).endswith(b'"hello"')


def test_a_body_in_small_pieces_is_no_head(port: int) -> None:
    with line_to(port) as line:
        line.sendall(POST.replace(b"/refuse", b"/echo"))
        for _ in range(3000):
            line.sendall(b"1" + b";" + b"e" * 30 + b"\r\n")
            line.sendall(b"x\r\n")
        line.sendall(b"0\r\n\r\n" + HEAD + b"Connection: close\r\n\r\n")
        said = read_all(line)
    assert b"\r\n\r\n3000HTTP/1.1 200" in said and said.endswith(b'"hello"')


@pytest.mark.parametrize("drip", [b"", b"a" * 200], ids=["silence", "a byte now and then"])
@pytest.mark.parametrize("begun", [b"G", HEAD, HEAD + b"X-A"])
def test_a_head_that_does_not_end_is_408(begun: bytes, drip: bytes, port: int) -> None:
    with line_to(port) as line:
        began = time.monotonic()
        line.sendall(begun if begun != b"G" or not drip else b"GET /")
        with contextlib.suppress(OSError):
            for letter in drip:
                line.sendall(bytes([letter]))
                time.sleep(0.02)
                if select.select([line], [], [], 0)[0]:
                    break
        assert error_of(read_all(line)) == (408, "timeout")
        assert 0.4 < time.monotonic() - began < 3


@pytest.mark.parametrize("said", [b"", GET], ids=["nothing was sent", "an answer was given"])
def test_who_sends_nothing_is_let_go(said: bytes, port: int) -> None:
    with line_to(port) as line:
        began = time.monotonic()
        line.sendall(said)
        assert read_all(line).count(b"HTTP/1.1") == (1 if said else 0)
        assert 0.3 < time.monotonic() - began < 8


def test_a_body_that_nobody_wants_is_thrown_away_for_a_while(port: int) -> None:
    with line_to(port) as line:
        line.sendall(POST)
        began, sent = time.monotonic(), 0
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 8:
                line.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 1
        assert 0.3 < time.monotonic() - began < 5
    with line_to(port) as line:
        line.sendall(POST)
        line.sendall(b"1\r\nx\r\n0\r\n\r\n")
        line.sendall(HEAD + b"Connection: close\r\n\r\n")
        said = read_all(line)
    assert b" 401 " in said and said.endswith(b'"hello"'), "one whose body ends can be used again"


def test_requests_ahead_of_their_answers_are_bounded(port: int) -> None:
    with line_to(port) as line:
        line.sendall(GET * 16 + HEAD + b"Connection: close\r\n\r\n")
        assert read_all(line).count(b'"hello"') == 17
    with line_to(port) as line:
        send(line, GET * 20_000)
        assert read_all(line).count(b'"hello"') <= 17
    with line_to(port) as line:
        line.sendall(HEAD + b"Connection: close\r\n\r\n")
        assert read_all(line).endswith(b'"hello"')


def test_who_takes_nothing_of_an_answer_is_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, _), line_to(port) as line:
        line.sendall(GET.replace(b"/hello", b"/endless"))
        time.sleep(1.5)
        began, taken = time.monotonic(), 0
        with contextlib.suppress(OSError):
            while (piece := line.recv(1 << 20)) and time.monotonic() - began < 10:
                taken += len(piece)
        assert time.monotonic() - began < 8, "what lay in the buffers, and no more"


@pytest.mark.parametrize("what", [b"\x16\x03\x01\x02\x00\x01", b"hello\r\n\r\n", b"GET / HTTP/9.9.9\r\n\r\n"])
def test_what_is_no_http_is_400(what: bytes, port: int) -> None:
    with line_to(port) as line:
        send(line, what)
        assert error_of(read_all(line)) == (400, "invalid_request")


def test_another_protocol_is_not_changed_to(port: int) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    with line_to(port) as line:
        line.sendall(HEAD + upgrade)
        said = read_all(line)
    assert said.startswith(b"HTTP/1.1 200") and said.endswith(b'"hello"')


def test_those_who_wait_make_room(tmp_path: Path) -> None:
    with serving(tmp_path, limit=20) as (port, crowd), contextlib.ExitStack() as stack:
        silent = [stack.enter_context(line_to(port)) for _ in range(60)]
        for _ in range(30):
            assert httpx.get(f"http://127.0.0.1:{port}/hello", trust_env=False).json() == "hello"
        assert read_all(silent[0]) == b""
        assert len(crowd.waiting) <= 20


def test_when_nobody_waits_the_next_is_503(tmp_path: Path) -> None:
    with serving(tmp_path, limit=3) as (port, _), contextlib.ExitStack() as stack:
        for _ in range(3):
            busy = stack.enter_context(line_to(port))
            busy.sendall(GET.replace(b"/hello", b"/endless"))
            assert busy.recv(100).startswith(b"HTTP/1.1 200")
        with line_to(port) as line:
            said = read_all(line)
    assert error_of(said) == (503, "unavailable") and b"retry-after: 1\r\n" in said


def test_memory_does_not_grow_with_connections_that_come_and_go(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, crowd):
        for _ in range(200):
            with line_to(port) as line:
                line.sendall(GET)
                line.recv(1000)
        until = time.monotonic() + 5
        while crowd.waiting and time.monotonic() < until:
            time.sleep(0.02)
        assert crowd.waiting == {}
