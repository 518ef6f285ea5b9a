from __future__ import annotations

import pytest

from ozora.errors import UserError
from ozora.server import files, jobs
from ozora.server.database import Database
from ozora.server.keys import LOCAL
from ozora.server.painting import Studio, paint
from ozora.server.store import Store
from ozora.server.trash import KEPT_S, discard, empty_trash, find_entries, list_trash, purge, restore
from ozora.server.watch import Watch
from tests.server.samples import keep_file
from tests.server.test_painting import claimed, see
from tests.server.test_watch import Clock


def test_what_is_discarded_lies_in_the_trash_under_its_path(store: Store) -> None:
    store.write("videos/video_1/1/video.mp4", b"film")
    store.write("files/file_1", b"x")
    discard(store, "videos/video_1")
    discard(store, "files/file_1")
    discard(store, "files/file_1")
    assert store.find("videos/video_1/1/video.mp4") is store.find("files/file_1") is None
    entries = list_trash(store)
    assert [(entry.path, entry.size_bytes) for entry in entries] == [("files/file_1", 1), ("videos/video_1", 4)]
    assert store.read(f"{entries[1].place}/1/video.mp4") == b"film"


def test_the_same_path_can_be_discarded_twice(store: Store) -> None:
    for data in (b"one", b"two"):
        store.write("videos/video_1/snapshot", data)
        discard(store, "videos/video_1")
    found = {store.read(f"{entry.place}/snapshot") for entry in find_entries(store, "video_1")}
    assert found == {b"one", b"two"}


def test_a_restored_video_is_seen_again(studio: Studio) -> None:
    job, store = claimed(studio), studio.store
    paint(studio, job)
    with studio.database.writing() as connection:
        jobs.delete(connection, see(studio, job), 5.0)
    discard(store, f"videos/{job.id}")
    (entry,) = find_entries(store, job.id)
    with studio.database.writing() as connection:
        restore(connection, store, entry, now=100.0, keep_s=9.0)
    again = see(studio, job)
    assert (again.deleted_at, again.cleaned_at, again.expires_at) == (None, None, 109.0)
    assert store.size(f"{again.folder}/video.mp4") > 0
    assert list_trash(store) == []


def test_a_restored_file_is_seen_again(database: Database, store: Store) -> None:
    file = keep_file(database, store)
    with database.writing() as connection:
        files.remove(connection, file, 2.0)
    discard(store, file.path)
    with database.writing() as connection:
        restore(connection, store, find_entries(store, file.id)[0], now=3.0, keep_s=1.0)
        assert files.read_bytes(store, files.get(connection, file.id, LOCAL)) == b"x"


def test_nothing_is_restored_over_something(database: Database, store: Store) -> None:
    store.write("files/file_1", b"old")
    discard(store, "files/file_1")
    store.write("files/file_1", b"new")
    with pytest.raises(UserError, match="something at"), database.writing() as connection:
        restore(connection, store, find_entries(store, "file_1")[0], now=1.0, keep_s=1.0)
    assert store.read("files/file_1") == b"new"


def test_the_trash_is_emptied_after_a_week_of_watching(database: Database, store: Store) -> None:
    clock = Clock()
    watch = Watch(database, "trash", clock=clock)
    store.write("files/file_1", b"x")
    discard(store, "files/file_1")
    hours = int(KEPT_S / 3600)
    for _ in range(hours):
        assert empty_trash(store, watch) == 0
        clock.now += 3600
    assert len(list_trash(store)) == 1
    assert empty_trash(store, watch) == 1
    assert list_trash(store) == []


def test_what_is_purged_is_gone(store: Store) -> None:
    store.write("files/file_1", b"x")
    discard(store, "files/file_1")
    purge(store, find_entries(store, "file_1")[0])
    with pytest.raises(UserError, match="trash list"):
        find_entries(store, "file_1")
