"""A server's places for tests: a real database in a folder of the test, a store beside it, the stub as a model."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ozora.backends import BACKENDS
from ozora.server import keys
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.health import health_of
from ozora.server.metrics import Meters
from ozora.server.painting import Studio
from ozora.server.settings import Settings, in_folder
from ozora.server.store import Store
from tests.server.ear import Receiver, listening
from tests.server.live import client_of
from tests.server.stub import StubBackend


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    aliases = {"sora-2": "stub", "sora-2-pro": "stub"}
    return dataclasses.replace(in_folder(tmp_path), aliases=aliases, lease_s=5.0, private_hosts=("127.0.0.1",))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables; a copy is quicker than to make them again."""
    settings = in_folder(tmp_path_factory.mktemp("template"))
    database = Database(settings.database)
    database.migrate()
    with database.writing() as connection:
        keys.ensure_local(connection)
    database.close()
    return Path(settings.database.removeprefix("sqlite:///"))


@pytest.fixture
def database(settings: Settings, template: Path) -> Iterator[Database]:
    shutil.copy(template, settings.database.removeprefix("sqlite:///"))
    database = Database(settings.database)
    yield database
    database.close()


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.data)


@pytest.fixture
def stub() -> Iterator[StubBackend]:
    backend = StubBackend()
    BACKENDS["stub"] = backend
    yield backend
    del BACKENDS["stub"]


@pytest.fixture
def client(settings: Settings, database: Database, stub: StubBackend) -> Iterator[httpx.Client]:
    with client_of(settings) as client:
        yield client


@pytest.fixture
def studio(settings: Settings, database: Database, store: Store, stub: StubBackend) -> Studio:
    return Studio(
        worker="w1",
        settings=settings,
        database=database,
        store=store,
        health=health_of(database, store),
        draining=threading.Event(),
    )


@pytest.fixture
def desk(studio: Studio, database: Database) -> Desk:
    return Desk(
        settings=studio.settings,
        database=database,
        store=studio.store,
        meters=Meters(database, studio.health),
        health=studio.health,
    )


@pytest.fixture
def own_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, dict[str, str]]], Path]:
    """A new installation with verdicts by key and category; returns its home folder."""

    def install(verdicts: dict[str, dict[str, str]]) -> Path:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        (home / "trust.json").write_text(json.dumps({"keys": verdicts}))
        monkeypatch.setenv("OZORA_HOME", str(home))
        return home

    return install


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    with listening() as heard:
        yield heard
