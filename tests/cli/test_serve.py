from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from ozora.cli.commands import app, call

ROOT = Path(__file__).parents[2]


def test_a_key_is_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--data", str(tmp_path)]
    assert call(app, ["keys", "create", "the studio", "--scope", "read", "--running-jobs", "2", *place]) == 0
    text = capsys.readouterr().out.strip()
    identity = text.split("_")[1]
    assert call(app, ["keys", "list", *place]) == 0
    shown = capsys.readouterr().out
    assert f"{identity}  valid  read  600/min  2 at once" in shown and "the studio" in shown
    assert text.split("_")[2] not in shown
    assert call(app, ["keys", "revoke", identity, *place]) == 0
    assert call(app, ["keys", "list", *place]) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["keys", "revoke", "nobody"], "keys list"),
        (["keys", "create", "x", "--scope", "everything"], "read, write"),
        (["serve", "--database", "cupboard"], "no database"),
        (["serve", "--files", "nothing://x"], "no place for files"),
        (["serve", "--port", "0"], "--port"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(app, [*arguments, "--data", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert says in shown and shown.count("\n") == 1


def test_tools_need_a_server_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, ["mcp", "--url", "cupboard"]) == 2
    assert "no address of a server" in capsys.readouterr().err


def test_a_key_that_nobody_would_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, ["mcp", "--http", "--key", "oz_1"]) == 2
    assert "each request brings its own key" in capsys.readouterr().err


def test_the_key_of_this_machine_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        assert call(app, ["keys", "local"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] and texts[0].startswith("oz_local_") and texts[0].count("\n") == 1


@pytest.mark.slow
def test_the_server_starts_answers_and_stops(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-c", "from ozora.cli import main; main()"]
    options = ["serve", "--data", str(tmp_path), "--port", str(port), "--workers", "0"]
    server = subprocess.Popen([*program, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        answer = None
        while answer is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as response:
                    answer = json.load(response)
            except OSError:
                time.sleep(0.1)
        assert answer == {"status": "ok"}
    finally:
        server.send_signal(signal.SIGTERM)
    said = server.communicate(timeout=30)[1]
    assert server.returncode == 0
    assert "export OPENAI_API_KEY=$(ozora keys local)" in said and "oz_local_" not in said
