"""The places of the server's own tests: what integrations talk to is a real server."""

from __future__ import annotations

from tests.server.conftest import database, settings, store, stub, studio, template

__all__ = ["database", "settings", "store", "stub", "studio", "template"]
