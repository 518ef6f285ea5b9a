from __future__ import annotations

import dataclasses

from fastapi import FastAPI

from ozora.server.settings import Settings
from ozora.server.web import DRAIN_S, make_server


def test_a_server_listens_where_it_is_told(settings: Settings) -> None:
    server = make_server(FastAPI(), dataclasses.replace(settings, host="127.0.0.1", port=8123))
    assert (server.config.host, server.config.port) == ("127.0.0.1", 8123)
    assert server.config.timeout_graceful_shutdown == DRAIN_S
