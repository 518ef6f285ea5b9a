"""The web process: ``python -m ozora.server.web``. It never loads PyTorch."""

from __future__ import annotations

import gc
import sys

import uvicorn
from fastapi import FastAPI

from ozora.media.decoding_room import ROOM
from ozora.server import logs
from ozora.server.app import make_app
from ozora.server.connection import connection_class
from ozora.server.crowd import Crowd, make_crowd
from ozora.server.heap import return_large_blocks
from ozora.server.postures import keep_private
from ozora.server.process import end_with_parent
from ozora.server.settings import Settings, from_environment

SWITCH_S = 0.001  # a thread that takes a submission leaves the loop to those who only look, after so long
DECODED_BYTES = 400_000_000  # of pictures and clips that all requests together decode at once
DRAIN_S = 5  # for requests that are being answered when the process is told to stop


def make_server(app: FastAPI, settings: Settings, crowd: Crowd | None = None) -> uvicorn.Server:
    """A server for the application and at most one ``crowd`` of clients; ``run`` serves until SIGTERM."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_S,
        server_header=False,
        proxy_headers=False,
        backlog=4096,
        http=connection_class(crowd or Crowd()),
        ws="none",
    )
    return uvicorn.Server(config)


def main() -> None:
    """The process: settings come from the one that started it."""
    logs.start()
    settings = from_environment()
    keep_private(settings)
    if settings.supervised:
        end_with_parent()
    server = make_server(make_app(settings), settings, make_crowd())
    return_large_blocks()
    ROOM.limit(DECODED_BYTES)
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    server.run()


if __name__ == "__main__":
    main()
