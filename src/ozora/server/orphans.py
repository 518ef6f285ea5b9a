"""What lies in the store and belongs to nothing: left by a process or a store that went away half-way.

Only what has a name of ours is looked at, so that a folder may hold other things too. A store belongs to one database.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from sqlalchemy import Table, select

from ozora.server.database import Database
from ozora.server.store import Store
from ozora.server.tables import FILES, JOBS

PLACES = {"videos": (JOBS, r"video_[0-9a-f]{32}"), "files": (FILES, r"file_[0-9a-f]{24}")}
UNFINISHED = r"(\.[0-9a-f]{8}\.unfinished)?"
YOUNG_S = 86400.0  # a row may yet come
AT_ONCE = 500  # names of one query


def remove_orphans(url: str, database: Database, store: Store, now: float) -> int:
    """Remove folders of videos and files without a row that nothing was written to for a day; returns how many.

    ``url`` is that of ``store``. Lists all names: once an hour will do.
    """
    system, root = url_to_fs(url)
    system.invalidate_cache()
    gone = 0
    for place, (table, pattern) in PLACES.items():
        names = [name for name in _names(system, f"{root}/{place}") if re.fullmatch(pattern + UNFINISHED, name)]
        for name in _without_row(database, table, names):
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                if _written_at(system, f"{root}/{place}/{name}") < now - YOUNG_S:
                    store.remove(f"{place}/{name}")
                    gone += 1
    return gone


def _names(system: AbstractFileSystem, folder: str) -> list[str]:
    try:
        return [str(path).rstrip("/").rpartition("/")[2] for path in system.ls(folder, detail=False)]
    except FileNotFoundError:
        return []


def _without_row(database: Database, table: Table, names: Sequence[str]) -> list[str]:
    alive = () if table is JOBS else (table.c.deleted_at.is_(None),)
    known: set[str] = set()
    for start in range(0, len(names), AT_ONCE):
        query = select(table.c.id).where(table.c.id.in_(names[start : start + AT_ONCE]), *alive)
        with database.reading() as connection:
            known.update(connection.execute(query).scalars())
    return [name for name in names if name not in known]


def _written_at(system: AbstractFileSystem, path: str) -> float:
    """When the newest file of a folder was written, or the folder itself when it is empty."""
    return max(float(system.modified(name).timestamp()) for name in system.find(path) or [path])
