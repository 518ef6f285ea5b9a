from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from ozora.server.database import Database
from ozora.server.settings import Settings, environment
from ozora.server.web import DRAIN_S, make_server
from tests.server.live import local_header

ROOT = Path(__file__).parents[2]


def test_a_server_listens_where_it_is_told(settings: Settings) -> None:
    server = make_server(FastAPI(), dataclasses.replace(settings, host="127.0.0.1", port=8123))
    assert (server.config.host, server.config.port) == ("127.0.0.1", 8123)
    assert server.config.timeout_graceful_shutdown == DRAIN_S


def _png(side: int) -> bytes:
    """A picture of one color and with transparency, small as a file."""
    packer, row = zlib.compressobj(9), b"\0" + b"\x10\x20\x30\x40" * side
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_pictures_of_many_requests_do_not_fill_the_memory(settings: Settings, database: Database) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = environment(dataclasses.replace(settings, port=port))
    process = subprocess.Popen([sys.executable, "-m", "tests.server.stub_web"], env=variables, cwd=ROOT)
    url, picture, statuses = f"http://127.0.0.1:{port}", _png(6500), list[int]()

    def memory_mb() -> int:
        return int(Path(f"/proc/{process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024

    def send() -> None:
        with httpx.Client(base_url=url, headers=local_header(), timeout=60, trust_env=False) as client:
            fields = {"prompt": "a ball", "model": "stub", "size": "64x64"}
            answer = client.post("/v1/videos", data=fields, files={"input_reference": ("a.png", picture)})
            statuses.append(answer.status_code)

    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                    break
            time.sleep(0.05)
        before = memory_mb()
        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        grown = memory_mb() - before
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert set(statuses) <= {200, 503} and 200 in statuses
    assert grown < 600, "eight pictures of 42 million pixels would be 1.3 GB at least"
