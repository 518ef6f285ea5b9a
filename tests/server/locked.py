"""A database that can be read and not changed, as SQLite is while another program holds its lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from ozora.errors import StoreError
from ozora.server.database import Database


class LockedDatabase(Database):
    """Every change is refused."""

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        raise StoreError("the database is locked")
        yield
