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
from sqlalchemy import delete

from ozora.backends import BACKENDS
from ozora.server import keys
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.health import health_of
from ozora.server.metrics import Meters
from ozora.server.painting import Studio
from ozora.server.settings import Settings, in_folder
from ozora.server.store import Store
from ozora.server.tables import METADATA
from tests.server import postgres
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


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of the tests' own."""
    if not postgres.is_installed():
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def either(request: pytest.FixtureRequest, settings: Settings, template: Path) -> Iterator[Settings]:
    """Settings with an empty database of each kind."""
    if request.param == "sqlite":
        shutil.copy(template, settings.database.removeprefix("sqlite:///"))
        yield settings
        return
    settings = dataclasses.replace(settings, database=str(request.getfixturevalue("postgres_url")))
    database = Database(settings.database)
    database.migrate()
    with database.writing() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(delete(table))
        keys.ensure_local(connection)
    database.close()
    yield settings


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
