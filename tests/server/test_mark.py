from __future__ import annotations

import pytest
from sqlalchemy import delete

from ozora.errors import StoreError
from ozora.server import files
from ozora.server.census import take_census
from ozora.server.database import Database
from ozora.server.mark import FEW, FILE, check_share, check_store_belongs
from ozora.server.memos import find_memo, remove_memo, write_memo
from ozora.server.store import Store
from ozora.server.tables import FILES
from tests.server.samples import keep_file


def forget_mark(database: Database) -> None:
    with database.writing() as connection:
        remove_memo(connection, "store_mark")


def forget_files(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(delete(FILES))


def test_a_new_store_and_a_new_database_are_tied(database: Database, store: Store) -> None:
    check_store_belongs(database, store)
    mark = store.read(FILE).splitlines()[0].decode()
    with database.reading() as connection:
        assert find_memo(connection, "store_mark") == mark and len(mark) == 32
    check_store_belongs(database, store)
    assert store.read(FILE).splitlines()[0].decode() == mark


def test_an_older_installation_is_tied_where_rows_and_files_are_the_same(database: Database, store: Store) -> None:
    for _ in range(3):
        keep_file(database, store)
    store.write(f"files/{files.new_id()}", b"of a crash")
    check_store_belongs(database, store)
    assert store.find(FILE) is not None


@pytest.mark.parametrize("is_marked", [True, False])
def test_an_empty_database_beside_a_store_with_files_is_not_tied(
    is_marked: bool, database: Database, store: Store
) -> None:
    keep_file(database, store)
    if is_marked:
        check_store_belongs(database, store)
    forget_files(database)
    forget_mark(database)
    for _ in range(2):
        with pytest.raises(StoreError, match="restore the database"):
            check_store_belongs(database, store)
    assert (store.find(FILE) is not None) == is_marked
    with database.reading() as connection:
        assert find_memo(connection, "store_mark") is None


def test_another_database_is_known_by_its_mark(database: Database, store: Store) -> None:
    check_store_belongs(database, store)
    with database.writing() as connection:
        write_memo(connection, "store_mark", "another")
    with pytest.raises(StoreError, match="another database"):
        check_store_belongs(database, store)
    store.remove(FILE)
    check_store_belongs(database, store)
    assert store.read(FILE).startswith(b"another")


def test_an_empty_store_is_not_that_of_a_database_with_files(database: Database, store: Store) -> None:
    file = keep_file(database, store)
    check_store_belongs(database, store)
    store.remove("files")
    store.remove(FILE)
    with pytest.raises(StoreError, match="the store holds 0 of them"):
        check_store_belongs(database, store)
    store.write(file.path, b"x")
    check_store_belongs(database, store)


def test_a_store_that_gets_a_new_database_is_not_that_of_the_old_one_any_more(database: Database, store: Store) -> None:
    check_store_belongs(database, store)
    with database.reading() as connection:
        old = find_memo(connection, "store_mark")
    forget_mark(database)
    check_store_belongs(database, store)
    assert old and not store.read(FILE).startswith(old.encode())


def test_a_store_full_of_strangers_is_in_doubt_until_they_are_known(database: Database, store: Store) -> None:
    check_store_belongs(database, store)
    for _ in range(FEW):
        store.write(f"files/{files.new_id()}", b"x")
    with pytest.raises(StoreError, match="restore the database"):
        check_share(database, take_census(database, store))
    with pytest.raises(StoreError, match="5 of 5"):
        check_store_belongs(database, store)
    for _ in range(FEW):
        keep_file(database, store)
    check_share(database, take_census(database, store))
    check_store_belongs(database, store)
