from __future__ import annotations

import pytest

from ozora.errors import RequestError, StoreError
from ozora.server import files
from ozora.server.database import Database
from ozora.server.settings import Settings
from ozora.server.store import Store
from tests.server.locked import LockedDatabase


def test_a_file_belongs_to_its_key(database: Database) -> None:
    with database.writing() as connection:
        identity = files.new_id()
        file = files.add(
            connection,
            identity,
            key_id="local",
            name="a.png",
            purpose="user_data",
            media_type="image/png",
            size_bytes=3,
            now=1.0,
        )
        assert files.page(connection, "local", after=None, limit=5, ascending=True, purpose=None) == ([file], False)
        with pytest.raises(RequestError):
            files.get(connection, identity, "other")
        files.remove(connection, file, 2.0)
        assert files.page(connection, "local", after=identity, limit=5, ascending=True, purpose=None) == ([], False)
        with pytest.raises(RequestError):
            files.get(connection, identity, "local")


def test_bytes_that_are_not_noted_go(database: Database, store: Store, settings: Settings) -> None:
    identity = files.new_id()
    with files.keeping(database, store, identity, b"x"):
        assert store.find(f"files/{identity}") == b"x"
    assert store.find(f"files/{identity}") is None
    locked = LockedDatabase(settings.database)
    with pytest.raises(StoreError), files.keeping(locked, store, identity, b"x"), locked.writing():
        pass
    assert store.find(f"files/{identity}") is None
    locked.close()
