from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from ozora.server import keys
from ozora.server.database import Database
from ozora.server.preflight import BASE_BYTES
from ozora.server.settings import Settings
from tests.server.live import client_of, local_header
from tests.server.stub import StubBackend

ROUTES = [
    ("GET", "/nothing"),
    ("PUT", "/v1/videos"),
    ("GET", "/v1/videos/video_no"),
    ("GET", "/v1/videos/video_no/content"),
    ("GET", "/v1/videos?limit=0"),
    ("GET", "/v1/videos?after=video_no"),
    ("DELETE", "/v1/videos/video_no"),
    ("POST", "/v1/videos"),
    ("POST", "/v1/videos/video_no/remix"),
    ("POST", "/v1/videos/edits"),
    ("POST", "/v1/videos/characters"),
    ("GET", "/v1/videos/characters/char_no"),
    ("GET", "/v1/files/file_no"),
    ("POST", "/v1/batches"),
    ("GET", "/v1/batches/batch_no"),
    ("GET", "/v1/webhook_endpoints/we_no"),
    ("GET", "/v1/models/nothing"),
]


def test_every_error_has_one_shape(client: httpx.Client) -> None:
    for method, path in ROUTES:
        answer = client.request(method, path)
        error = answer.json()["error"]
        assert 400 <= answer.status_code < 500, (method, path)
        assert set(error) == {"message", "type", "param", "code"}, (method, path)
        assert error["message"] and error["code"] and answer.headers["x-request-id"]


def test_bodies_are_bounded(settings: Settings, database: Database, stub: StubBackend) -> None:
    with client_of(dataclasses.replace(settings, max_upload_bytes=1000)) as client:
        told = client.post("/v1/videos", json={"prompt": "x" * 2000})
        untold = client.post("/v1/videos", content=iter([b"x" * 600] * 4), headers={"content-type": "application/json"})
    assert (told.status_code, untold.status_code) == (413, 413)


def test_a_key_sees_its_own_videos_only(settings: Settings, database: Database, stub: StubBackend) -> None:
    with database.writing() as connection:
        texts = [keys.create(connection, name, now=1.0)[1] for name in ("one", "other")]
    with client_of(settings) as client:
        one, other = ({"authorization": f"Bearer {text}"} for text in texts)
        made = client.post("/v1/videos", json={"prompt": "a ball"}, headers=one).json()["id"]
        assert client.get(f"/v1/videos/{made}", headers=one).status_code == 200
        for headers in (other, local_header()):
            assert client.get(f"/v1/videos/{made}", headers=headers).status_code == 404
            assert client.delete(f"/v1/videos/{made}", headers=headers).status_code == 404
            assert client.get("/v1/videos", headers=headers).json()["data"] == []


def test_a_locked_database_is_503_and_loses_nothing(client: httpx.Client, settings: Settings) -> None:
    asked: dict[str, Any] = {"json": {"prompt": "a ball", "model": "stub"}, "headers": {"idempotency-key": "once"}}
    with contextlib.closing(
        sqlite3.connect(settings.database.removeprefix("sqlite:///"), isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/v1/videos", **asked)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1" and "x-should-retry" not in answer.headers
        assert client.get("/v1/videos").json()["data"] == []  # readers do not wait
    made = [client.post("/v1/videos", **asked) for _ in range(2)]
    assert [video["id"] for video in client.get("/v1/videos").json()["data"]] == [made[0].json()["id"]]
    assert made[0].json() == made[1].json()


def test_what_cannot_fit_is_refused_with_what_would(settings: Settings, database: Database, stub: StubBackend) -> None:
    with client_of(dataclasses.replace(settings, memory_bytes=BASE_BYTES + 50_000_000)) as client:
        answer = client.post("/v1/videos", json={"prompt": "x", "size": "2048x2048", "fps": "60"})
        assert answer.json()["error"]["code"] == "too_large"
        size = answer.json()["error"]["message"].split("; ")[1].split()[0]
        assert client.post("/v1/videos", json={"prompt": "x", "size": size, "fps": "60"}).status_code == 200


WITHOUT_TORCH = """
import sys
from pathlib import Path
from ozora.server.app import make_app
from ozora.server.settings import in_folder
from tests.server.live import client_of
with client_of(in_folder(Path(sys.argv[1]))) as client:
    made = client.post("/v1/videos", json={"prompt": "a red ball rolls left"})
    assert made.status_code == 200, made.text
    assert client.get("/v1/videos/models").status_code == 200
print("torch" in sys.modules)
"""


@pytest.mark.slow
def test_the_web_process_does_not_load_pytorch(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "False\n", done.stderr
