from __future__ import annotations

import time

from ozora.server import files, jobs
from ozora.server.database import Database
from ozora.server.orphans import YOUNG_S, remove_orphans
from ozora.server.seals import seal_of
from ozora.server.settings import Settings
from ozora.server.store import Store
from tests.server.samples import draft


def test_what_has_no_row_goes_after_a_day(database: Database, store: Store, settings: Settings) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        file = files.new_id()
        note = {"key_id": "local", "name": "a", "purpose": "x", "media_type": "x", "seal": seal_of(b"x"), "now": 1.0}
        files.add(connection, file, **note)  # type: ignore[arg-type]
    stays = [f"videos/{job.id}/input-0", f"files/{file}", "videos/holiday/1.mp4", "files/letter"]
    goes = [f"videos/{draft().id}/input-0", f"files/{files.new_id()}", f"files/{file}.0123abcd.unfinished"]
    for path in (*stays, *goes):
        store.write(path, b"x")
    assert remove_orphans(settings.data, database, store, time.time()) == 0
    later = time.time() + YOUNG_S + 10
    assert remove_orphans(settings.data, database, store, later) == 3
    assert [store.find(path) for path in stays] == [b"x"] * 4
    assert [store.find(path) for path in goes] == [None] * 3


def test_bytes_of_a_deleted_file_do_not_stay(database: Database, store: Store, settings: Settings) -> None:
    identity = files.new_id()
    with files.keeping(database, store, identity, b"x"), database.writing() as connection:
        note = {"key_id": "local", "name": "a", "purpose": "x", "media_type": "x", "seal": seal_of(b"x"), "now": 1.0}
        files.remove(connection, files.add(connection, identity, **note), 2.0)  # type: ignore[arg-type]
    assert store.find(f"files/{identity}") == b"x"
    assert remove_orphans(settings.data, database, store, time.time() + YOUNG_S + 10) == 1


def test_an_empty_store_has_none(database: Database, store: Store, settings: Settings) -> None:
    assert remove_orphans(settings.data, database, store, time.time()) == 0
