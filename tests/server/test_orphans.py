from __future__ import annotations

import os
from pathlib import Path

import pytest

from ozora.errors import StoreError
from ozora.server import files, jobs
from ozora.server.database import Database
from ozora.server.orphans import YOUNG_S, discard_orphans, survey
from ozora.server.store import Store
from ozora.server.trash import list_trash
from ozora.server.watch import Watch
from tests.server.samples import draft, keep_file
from tests.server.test_watch import Clock

HOURS = int(YOUNG_S / 3600)


def look_for_hours(database: Database, store: Store, watch: Watch, clock: Clock, hours: int) -> int:
    """A look each hour; how many orphans have gone in all."""
    gone = 0
    for _ in range(hours):
        gone += discard_orphans(database, store, watch, survey(database, store))
        clock.now += 3600
    return gone


def test_what_has_no_row_is_in_the_trash_after_a_day(database: Database, store: Store) -> None:
    clock = Clock()
    watch = Watch(database, "orphans", clock=clock)
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
    kept = [keep_file(database, store).path for _ in range(4)]
    stays = [f"videos/{job.id}/input-0", *kept, "videos/holiday/1.mp4", "files/letter"]
    goes = [f"videos/{draft().id}/input-0", f"files/{files.new_id()}", f"{kept[0]}.0123abcd.unfinished"]
    for path in (*stays, *goes):
        store.write(path, b"x")
    assert look_for_hours(database, store, watch, clock, HOURS) == 0
    assert [store.find(path) for path in goes] == [b"x"] * 3
    assert look_for_hours(database, store, watch, clock, 1) == 3
    assert [store.find(path) for path in stays] == [b"x"] * 7
    assert [store.find(path) for path in goes] == [None] * 3
    assert len(list_trash(store)) == 3


def test_what_is_still_written_to_stays(database: Database, store: Store) -> None:
    clock = Clock()
    watch = Watch(database, "orphans", clock=clock)
    survey(database, store)
    path = f"videos/{draft().id}/snapshot"
    for number in range(HOURS + 5):
        store.write(path, str(number).encode())
        assert look_for_hours(database, store, watch, clock, 1) == 0


def test_the_dates_of_files_are_not_believed(database: Database, store: Store) -> None:
    """A clock that was wrong has written them, or it is wrong now."""
    clock = Clock()
    watch = Watch(database, "orphans", clock=clock)
    survey(database, store)
    path = f"files/{files.new_id()}"
    store.write(path, b"x")
    os.utime(Path(str(store.local_path(path))), (1.0, 1.0))
    assert look_for_hours(database, store, watch, clock, HOURS) == 0


def test_a_row_that_comes_late_saves_its_files(database: Database, store: Store) -> None:
    clock = Clock()
    watch = Watch(database, "orphans", clock=clock)
    survey(database, store)
    late = draft()
    store.write(f"videos/{late.id}/input-0", b"x")
    look_for_hours(database, store, watch, clock, HOURS)
    census = survey(database, store)
    with database.writing() as connection:
        jobs.add(connection, late, 1.0)
    assert discard_orphans(database, store, watch, census) == 0


def test_nothing_goes_where_most_has_no_row(database: Database, store: Store) -> None:
    survey(database, store)
    for _ in range(5):
        store.write(f"files/{files.new_id()}", b"x")
    with pytest.raises(StoreError, match="not known to the database"):
        survey(database, store)


def test_an_empty_store_has_none(database: Database, store: Store) -> None:
    assert discard_orphans(database, store, Watch(database, "orphans"), survey(database, store)) == 0
