"""The few calls of the Videos API that the nodes need, with nothing but the standard library."""

from __future__ import annotations

import json
import os
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8000"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TIMEOUT_S = 120.0
TRIES = 5
ENDED = ("completed", "failed")
BUSY = (429, 503)

Watch = Callable[[int], None]
"""Told the percentage from time to time; whatever it raises stops the video."""


class OzoraError(RuntimeError):
    """What the server says of a request or of a video that failed, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send along: its name and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is.

    The key stays out of workflows, which are saved in pictures: it is ``OZORA_API_KEY``, or for a server of this
    machine the one that ``ozora keys local`` prints.
    """

    url: str = DEFAULT_URL

    def make(self, path: str, fields: Mapping[str, object], watch: Watch) -> dict[str, Any]:
        """Ask for a video and follow it until it is completed. ``None`` and empty fields are left out.

        ``OzoraError`` when it is refused or fails. Whatever ``watch`` raises cancels it.
        """
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        boundary = secrets.token_hex(16)
        video = self._json("POST", path, _form(given, boundary), f"multipart/form-data; boundary={boundary}")
        try:
            while video["status"] not in ENDED:
                watch(int(video["progress"]))
                time.sleep(0.25)
                video = self._json("GET", f"videos/{video['id']}")
        except BaseException:
            self._json("POST", f"videos/{video['id']}/cancel")
            raise
        if video["status"] == "failed":
            raise OzoraError(f"Ozora could not make the video: {video['error']['message']}")
        watch(100)
        return video

    def read(self, video_id: str) -> bytes:
        """The MP4 of a completed video."""
        return self._ask("GET", f"videos/{video_id}/content")

    def _json(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._ask(method, path, body, kind))
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"idempotency-key": secrets.token_hex(16)} if method == "POST" else {}
        if key := os.environ.get("OZORA_API_KEY", "") or local_key(self._root):
            headers["authorization"] = f"Bearer {key}"
        if kind:
            headers["content-type"] = kind
        request = urllib.request.Request(f"{self._root}/v1/{path}", body, headers, method=method)
        for left in reversed(range(TRIES)):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    data: bytes = answer.read()
                    return data
            except urllib.error.HTTPError as error:
                if error.code not in BUSY or not left:
                    raise OzoraError(f"Ozora refuses: {_message(error)}") from error
                time.sleep(float(error.headers.get("retry-after-ms", 1000)) / 1000)
            except OSError as error:
                if not left:
                    raise OzoraError(f"no Ozora server answers at {self.url}; start it with `ozora serve`") from error
                time.sleep(0.2)
        raise AssertionError("the last try raises")

    @property
    def _root(self) -> str:
        root = self.url.strip().rstrip("/").removesuffix("/v1")
        if not root.startswith(("http://", "https://")):
            raise OzoraError(f"'{self.url}' is no address of a server; give one such as {DEFAULT_URL}")
        return root


def local_key(url: str) -> str:
    """What ``ozora keys local`` prints, if ``url`` names this machine; it is sent nowhere else. Else empty."""
    if urllib.parse.urlsplit(url).hostname not in LOOPBACK:
        return ""
    home = os.environ.get("OZORA_HOME") or Path.home() / ".local" / "share" / "ozora"
    try:
        return (Path(home) / "local.key").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""  # the server then says what is missing


def _form(fields: Mapping[str, object], boundary: str) -> bytes:
    """The body of a multipart form; names and values are ours or checked by the server."""
    parts = []
    for name, value in fields.items():
        file = value if isinstance(value, File) else None
        extra = f'; filename="{file.name}"\r\ncontent-type: application/octet-stream' if file else ""
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"{extra}\r\n\r\n'
        parts.append(head.encode() + (file.data if file else str(value).encode()) + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}"
