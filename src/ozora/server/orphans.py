"""What lies in the store and belongs to nothing: left by a process or a store that went away half-way."""

from __future__ import annotations

from ozora.server.census import Census, has_row, take_census
from ozora.server.database import Database
from ozora.server.mark import check_marks, check_share
from ozora.server.store import Store
from ozora.server.trash import discard
from ozora.server.watch import MOST, Watch

YOUNG_S = 86400.0  # a row may yet come


def survey(database: Database, store: Store) -> Census:
    """What lies in the store, with and without a row; ``StoreError`` when the two do not belong together.

    Lists all names: once an hour will do.
    """
    check_marks(database, store)
    census = take_census(database, store)
    check_share(database, census)
    return census


def discard_orphans(database: Database, store: Store, watch: Watch, census: Census) -> int:
    """Move into the trash what has had no row, and was not written to, for a day of ``watch``; returns how many."""
    signs = {path: _sign(store, path) for path in census.strangers[:MOST]}
    gone = 0
    for path, watched_s in watch.look(signs).items():
        if watched_s >= YOUNG_S and not has_row(database, path):
            discard(store, path)
            gone += 1
    return gone


def _sign(store: Store, path: str) -> str:
    """A text that changes when something is written at a path or below it."""
    return " ".join(f"{state.size_bytes}:{state.mark}" for state in store.find_files(path))
