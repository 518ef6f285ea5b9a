"""nginx and Caddy with the configuration that docs/deployment.md prints, in front of a real server on loopback."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ozora.server.database import Database
from ozora.server.painting import Studio
from ozora.server.settings import Settings
from ozora.server.worker import work
from tests.server.live import local_header, serving
from tests.server.stub import StubBackend

DOCS = Path(__file__).parents[2] / "docs" / "deployment.md"

pytestmark = pytest.mark.long


def documented(language: str) -> str:
    """The configuration of a language in the page."""
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, language
    return found[1]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def nginx_command(folder: Path, port: int, behind: int) -> list[str]:
    """As documented but for the certificate, the name and the ports."""
    text = documented("nginx").replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    text = re.sub(r"^ *ssl_certificate.*\n", "", text, flags=re.MULTILINE)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    head = f"daemon off; pid {folder}/pid; error_log {folder}/log; {user} events {{}}"
    (folder / "nginx.conf").write_text(f"{head}\nhttp {{ access_log off; {temporary}\n{text}\n}}")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]


def caddy_command(folder: Path, port: int, behind: int) -> list[str]:
    """As documented but for the name and the ports, which are of plain HTTP."""
    text = documented("caddy").replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("videos.example {", f"http://127.0.0.1:{port} {{")
    (folder / "Caddyfile").write_text("{\n    admin off\n}\n" + text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


@pytest.fixture(params=COMMANDS)
def proxy(
    request: pytest.FixtureRequest, settings: Settings, database: Database, stub: StubBackend, tmp_path: Path
) -> Iterator[str]:
    """The address of a proxy that runs in front of a server."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    port = free_port()
    with serving(settings) as url, (tmp_path / "said").open("wb") as said:
        command = COMMANDS[name](tmp_path, port, int(url.rpartition(":")[2]))
        variables = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        process = subprocess.Popen(command, env=variables, stdout=said, stderr=said)
        try:
            until = time.monotonic() + 30
            while time.monotonic() < until and process.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200:
                        break
                time.sleep(0.05)
            assert process.poll() is None, (tmp_path / "said").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_a_documented_proxy(proxy: str, studio: Studio, stub: StubBackend) -> None:
    stub.step_s = 0.3
    with httpx.Client(base_url=proxy, timeout=60, trust_env=False) as client:
        assert client.get("/v1/videos").status_code == 401, "nobody is let in because the proxy is on this machine"
        client.headers.update(local_header())
        assert client.get("/v1/videos").status_code == 200
        sent = client.post("/v1/files", data={"purpose": "x"}, files={"file": ("a", bytes(100_000_000))})
        assert (sent.status_code, sent.json()["bytes"]) == (200, 100_000_000)
        too_large = client.post("/v1/files", data={"purpose": "x"}, files={"file": ("a", bytes(210_000_000))})
        assert too_large.status_code == 413

        made = client.post("/v1/videos", json={"prompt": "a ball", "model": "stub", "size": "64x64"}).json()["id"]
        worker = threading.Thread(target=work, args=(studio,))
        worker.start()
        came: list[float] = []
        with client.stream("GET", f"/v1/videos/{made}/events") as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            came += [time.monotonic() for line in events.iter_lines() if line.startswith("data:")]
        studio.draining.set()
        worker.join()
        assert len(came) >= 3 and came[-1] - came[0] > 0.3, "each came when it happened, not all at the end"

        whole = client.get(f"/v1/videos/{made}/content")
        part = client.get(f"/v1/videos/{made}/content", headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        token = {"idempotency-key": "once"}
        twice = [client.post("/v1/videos", json={"prompt": "x", "model": "stub"}, headers=token) for _ in range(2)]
        assert twice[0].json()["id"] == twice[1].json()["id"]
