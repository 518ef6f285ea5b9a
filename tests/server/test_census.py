from __future__ import annotations

from ozora.server import files, jobs
from ozora.server.census import count_expected, has_row, take_census
from ozora.server.database import Database
from ozora.server.store import Store
from tests.server.samples import draft, keep_file


def test_only_names_of_ours_are_counted(database: Database, store: Store) -> None:
    assert take_census(database, store).known == take_census(database, store).strangers == ()
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
    file = keep_file(database, store)
    known = {f"videos/{job.id}", file.path}
    strangers = {f"videos/{draft().id}", f"files/{files.new_id()}", f"{file.path}.0123abcd.unfinished"}
    for path in (f"videos/{job.id}/input-0", "videos/holiday/1.mp4", "files/letter"):
        store.write(path, b"x")
    for path in strangers:
        store.write(f"{path}/input-0" if path.startswith("videos") else path, b"x")
    census = take_census(database, store)
    assert (set(census.known), set(census.strangers)) == (known, strangers)
    assert {path for path in (*known, *strangers) if has_row(database, path)} == known


def test_bytes_of_a_deleted_file_are_strangers(database: Database, store: Store) -> None:
    file = keep_file(database, store)
    with database.writing() as connection:
        assert count_expected(connection) == 1
        files.remove(connection, file, 2.0)
        assert count_expected(connection) == 0
    assert take_census(database, store).strangers == (file.path,)
