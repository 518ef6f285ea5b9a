from __future__ import annotations

import pytest

from ozora.errors import DamageError, RequestError, StoreError
from ozora.server import files
from ozora.server.database import Database
from ozora.server.seals import seal_of
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
            seal=seal_of(b"123"),
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


def test_bytes_are_read_as_they_came_or_not_at_all(database: Database, store: Store) -> None:
    identity = files.new_id()
    with files.keeping(database, store, identity, b"whole") as seal, database.writing() as connection:
        note = {"key_id": "local", "name": "a", "purpose": "x", "media_type": "x", "now": 1.0}
        file = files.add(connection, identity, seal=seal, **note)  # type: ignore[arg-type]
    assert (file.sha256, files.read_bytes(store, file)) == (seal.sha256, b"whole")
    files.check_bytes(store, file)
    for damaged in (b"other", b"who", b""):
        store.write(file.path, damaged)
        for look in (files.read_bytes, files.check_bytes):
            with pytest.raises(DamageError):
                look(store, file)
    store.remove(file.path)
    with pytest.raises(DamageError, match="gone"):
        files.check_bytes(store, file)
