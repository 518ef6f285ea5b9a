"""A census of the store: which of the things in it have a row in the database, and which do not.

Only what has a name of ours is counted, so that a folder may hold other things too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from ozora.server.database import Database
from ozora.server.store import Store
from ozora.server.tables import FILES, JOBS

PLACES = {"videos": (JOBS, r"video_[0-9a-f]{32}"), "files": (FILES, r"file_[0-9a-f]{24}")}
UNFINISHED = r"(\.[0-9a-f]{8}\.unfinished)?"
AT_ONCE = 500  # names of one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Paths in the store, such as "videos/video_...". ``strangers`` have no row."""

    known: tuple[str, ...]
    strangers: tuple[str, ...]


def take_census(database: Database, store: Store) -> Census:
    """Look at every name in the store; once an hour will do."""
    known: list[str] = []
    strangers: list[str] = []
    for place, (table, pattern) in PLACES.items():
        names = [name for name in store.names(place) if re.fullmatch(pattern + UNFINISHED, name)]
        there = _with_row(database, table, names)
        for name in names:
            (known if name in there else strangers).append(f"{place}/{name}")
    return Census(known=tuple(known), strangers=tuple(strangers))


def has_row(database: Database, path: str) -> bool:
    """Whether a thing in the store has a row now."""
    place, _, name = path.partition("/")
    return bool(_with_row(database, PLACES[place][0], [name]))


def count_expected(connection: Connection) -> int:
    """How many videos and files the store should hold, as far as the database knows."""
    videos = select(func.count()).where(JOBS.c.status == "completed", JOBS.c.cleaned_at.is_(None))
    files = select(func.count()).where(FILES.c.deleted_at.is_(None))
    return int(connection.execute(videos).scalar_one()) + int(connection.execute(files).scalar_one())


def _with_row(database: Database, table: Table, names: Sequence[str]) -> set[str]:
    alive = () if table is JOBS else (table.c.deleted_at.is_(None),)
    known: set[str] = set()
    for start in range(0, len(names), AT_ONCE):
        query = select(table.c.id).where(table.c.id.in_(names[start : start + AT_ONCE]), *alive)
        with database.reading() as connection:
            known.update(connection.execute(query).scalars())
    return known
