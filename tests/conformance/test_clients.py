"""Unmodified clients of the closed API, each in an environment of its own, against a real server."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from ozora.server import webhooks
from ozora.server.database import Database
from ozora.server.tables import ENDPOINTS
from ozora.server.webhooks import Endpoint
from tests.conformance.environments import ENVIRONMENTS, environment, install, run
from tests.server.live import local_header, local_key

HERE = Path(__file__).parent
PYTHON_CLIENTS = ("openai==2.2.0", "openai==2.46.0", "openai>=3,<4")
NODE_CLIENT = "openai@7"

pytestmark = pytest.mark.long


def webhook(url: str, database: Database, folder: Path) -> Path:
    """The headers and the body of a delivery, in a file."""
    wanted = {"url": "https://example.org/"}
    httpx.post(f"{url}/v1/webhook_endpoints", json=wanted, headers=local_header()).raise_for_status()
    now = time.time()
    with database.writing() as connection:
        endpoint = Endpoint(**dict(connection.execute(select(ENDPOINTS)).mappings().one()))
        webhooks.send_later(connection, endpoint, "video.completed", "video_1", now)
        delivery = webhooks.claim(connection, now)
        assert delivery is not None
        webhooks.remove(connection, endpoint)
    path = folder / "webhook.json"
    sent = {"body": delivery.payload, "headers": webhooks.headers(delivery, now), "video": "video_1"}
    path.write_text(json.dumps({**sent, "secret": endpoint.secret}))
    return path


@pytest.mark.parametrize("client", PYTHON_CLIENTS)
def test_a_python_client(client: str, server: tuple[str, Database], tmp_path: Path) -> None:
    url, database = server
    python = environment(client) / "python"
    done = run([str(python), str(HERE / "client.py"), url, str(webhook(url, database, tmp_path))], key=local_key())
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_node_client(server: tuple[str, Database], tmp_path: Path) -> None:
    url, database = server
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node is not installed")
    folder = ENVIRONMENTS / "node"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / "openai").exists():
        (folder / "package.json").write_text('{"private": true}')
        install([npm, "install", "--no-audit", "--no-fund", "--fetch-retries", "1", NODE_CLIENT], folder)
    shutil.copy(HERE / "client.mjs", folder)
    done = run([node, "client.mjs", url, str(webhook(url, database, tmp_path))], folder, key=local_key())
    assert done.returncode == 0, done.stdout + done.stderr
