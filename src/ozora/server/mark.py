"""The mark that ties a store to its database: the same random number in a file of the one and a row of the other.

A server may be started with a wrong database by mistake: an empty one because the old one is lost, a backup, that of
another installation. To such a database everything in the store looks as if it belonged to nobody. So nothing is ever
deleted unless the marks are the same and most of what lies in the store has a row.
"""

from __future__ import annotations

import secrets

from ozora.errors import MismatchError
from ozora.server.census import Census, count_expected, take_census
from ozora.server.database import Database
from ozora.server.memos import find_memo, remove_memo, write_memo
from ozora.server.store import Store

FILE = "ozora-store"
FEW = 5  # things without a row that may be the leavings of a crash, however few have one
_MARK, _DOUBT = "store_mark", "store_doubt"
_EXPLAINED = """
The first line of this file is also in the database that this folder belongs to. Nothing is deleted here by a server
with another database. To give the folder to another database for good, move this file away and start the server.
"""


def check_store_belongs(database: Database, store: Store) -> None:
    """Raise ``MismatchError``, with what to do, unless the store and the database belong together as far as is known.

    Reads one small file and two rows. New ones are tied together here, which looks at every name in the store.
    """
    check_marks(database, store)
    with database.reading() as connection:
        doubt = find_memo(connection, _DOUBT)
    if doubt is not None:
        raise MismatchError(doubt)


def check_marks(database: Database, store: Store) -> None:
    """Raise ``MismatchError`` unless both have the same mark; where one has none and all fits, it is given one."""
    with database.reading() as connection:
        kept = find_memo(connection, _MARK)
    there = _read(store)
    if kept is None or there is None:
        kept, there = _tie(database, store)
    if kept != there:
        raise MismatchError(
            f"the file store belongs to another database, so that nothing in it is deleted: start the server with that "
            f"database, or with the store of this one (--files); if the two do belong together, remove the file "
            f"'{FILE}' from the store"
        )


def check_share(database: Database, census: Census) -> None:
    """Raise ``MismatchError`` when most of what lies in the store has no row; ``check_store_belongs`` says so too until
    a later census finds it in order."""
    strangers, known = len(census.strangers), len(census.known)
    with database.writing() as connection:
        if strangers < FEW or strangers <= known:
            remove_memo(connection, _DOUBT)
            return
        doubt = (
            f"{strangers} of {strangers + known} videos and files in the store are not known to the database, so that "
            f"nothing is deleted: restore the database that knows them, or move them out of the store"
        )
        write_memo(connection, _DOUBT, doubt)
    raise MismatchError(doubt)


def _tie(database: Database, store: Store) -> tuple[str, str | None]:
    """Give both the same mark; ``MismatchError`` when they do not plainly belong together. Returns the two marks.

    A store whose database has no mark gets a new one: should it have been that of another database that still runs,
    the other one does not delete anything in it any more either.
    """
    census = take_census(database, store)
    with database.writing() as connection:
        kept, there = find_memo(connection, _MARK), _read(store)
        if kept is not None and there is not None:  # another process was quicker
            return kept, there
        _check_fit(census, count_expected(connection))
        mark = kept or secrets.token_hex(16)
        write_memo(connection, _MARK, mark)  # first: another process waits here until both are written
        store.write(FILE, f"{mark}\n{_EXPLAINED}".encode())
        return mark, mark


def _check_fit(census: Census, expected: int) -> None:
    """Both are new, or what lies in the store is what the database says."""
    strangers, known = len(census.strangers), len(census.known)
    if strangers and strangers >= known:
        raise MismatchError(
            f"{strangers} of {strangers + known} videos and files in the store are not known to the database, so that "
            f"nothing is deleted: restore the database that knows them, or start this one with a store of its own "
            f"(--files)"
        )
    if 2 * known < expected:
        raise MismatchError(
            f"the database knows {expected} videos and files, and the store holds {known} of them, so that nothing is "
            f"deleted: restore the store, or start the server with the right one (--files)"
        )


def _read(store: Store) -> str | None:
    data = store.find(FILE)
    return None if data is None else data.decode(errors="replace").partition("\n")[0].strip()
