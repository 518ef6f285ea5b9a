"""A real server that paints with the stub, for clients of others."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest

from ozora.backends import BACKENDS
from ozora.server.database import Database
from ozora.server.health import health_of
from ozora.server.painting import Studio
from ozora.server.settings import in_folder
from ozora.server.store import Store
from ozora.server.worker import work
from tests.server.live import serving
from tests.server.stub import StubBackend


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Database]]:
    """Its URL and its database."""
    folder = tmp_path_factory.mktemp("conformance")
    settings = dataclasses.replace(in_folder(folder), aliases={"sora-2": "stub", "sora-2-pro": "stub"})
    BACKENDS["stub"] = StubBackend()
    with serving(settings) as url:
        database, stop = Database(settings.database), threading.Event()
        store = Store(settings.data)
        studio = Studio(
            worker="w",
            settings=settings,
            database=database,
            store=store,
            health=health_of(database, store),
            draining=stop,
        )
        thread = threading.Thread(target=work, args=(studio,))
        thread.start()
        yield url, database
        stop.set()
        thread.join()
        database.close()
    del BACKENDS["stub"]
