from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ozora.edit.script import ask
from ozora.errors import ServiceError, UserError

BOARD = {"cards": [{"at": 0, "text": "a red ball"}]}


class Server(HTTPServer):
    """A chat server that gives prepared answers and keeps what it was asked."""

    answers: list[str]
    asked: list[dict[str, Any]]
    keys: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.keys.append(self.headers["Authorization"])
        if self.path != "/v1/chat/completions" or not self.server.answers:
            self.send_error(404)
            return
        body = json.dumps({"choices": [{"message": {"content": self.server.answers.pop(0)}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked, server.keys = [], [], []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1"


def test_what_does_not_fit_goes_back_with_the_reason(server: Server) -> None:
    server.answers = ["Sure!", '```json\n{"cards": [{"text": "a"}]}\n```', f"Here: {json.dumps(BOARD)}"]
    assert ask("a ball", url=address(server), model="m", key="secret") == BOARD
    assert len(server.asked) == 3
    assert server.asked[0]["model"] == "m" and server.asked[0]["messages"][1]["content"] == "a ball"
    assert "card 1, at: it is missing" in server.asked[2]["messages"][-1]["content"]
    assert server.keys[0] == "Bearer secret"


def test_what_never_fits_is_refused(server: Server) -> None:
    server.answers = ["no"] * 5
    with pytest.raises(UserError, match="no storyboard that fits, after 3 tries"):
        ask("a ball", url=address(server), model="m")


def test_a_server_that_does_not_answer_is_named(server: Server) -> None:
    with pytest.raises(ServiceError, match="answers 404"):
        ask("a ball", url=address(server), model="m")
    with pytest.raises(ServiceError, match="is it running"):
        ask("a ball", url="http://127.0.0.1:9/v1", model="m")
    with pytest.raises(UserError, match="no address"):
        ask("a ball", url="file:///etc/passwd", model="m")
