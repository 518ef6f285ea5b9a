"""The database: SQLite in write-ahead mode, or PostgreSQL. Every change is one short transaction.

SQLite has one writer at a time: a changing transaction takes its lock when it begins ("BEGIN IMMEDIATE"), so that two
never deadlock half-way; readers are never blocked (https://www.sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ozora.errors import BusyError, RequestError, StoreError, UserError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 5  # so long a client waits for a locked database until it is told to try again
AWAY = ("OperationalError", "InterfaceError", "DatabaseError")  # locked, gone, full; the last is a damaged file
_MIGRATING = threading.Lock()  # Alembic keeps its context in globals
_LOCK = 7_201_993  # any number of our own: PostgreSQL's lock for those who change the tables


class Database:
    """Connections to one database; threads may share it, processes may not.

    The URL may say how many seconds a locked database is waited for: ``?timeout=1`` (PostgreSQL: ``connect_timeout``).
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.is_sqlite = parsed.get_backend_name() == "sqlite"
            if self.is_sqlite and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            name = "timeout" if self.is_sqlite else "connect_timeout"
            connect: dict[str, Any] = {} if name in parsed.query else {name: BUSY_S}
            self._engine = create_engine(
                parsed, connect_args=connect, pool_size=10, max_overflow=40, pool_timeout=BUSY_S, pool_pre_ping=True
            )
        except (ArgumentError, NoSuchModuleError) as error:
            raise UserError(f"'{url}' is no database: give sqlite:///file.db or postgresql://user@host/name") from error
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare)
            event.listen(self._engine, "begin", _begin)
        self._reader = self._engine.execution_options(ozora_reads=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that changes nothing; ``StoreError`` when the database cannot be reached."""
        with _reachable(), self._reader.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of the block or nothing of it; ``StoreError`` when the database cannot be reached."""
        with _reachable(), self._engine.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the present version; several processes may do it at once."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with _MIGRATING, self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self._engine.dispose()


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise BusyError("the database is too busy now; nothing is lost, try again in a moment") from error
    except (DataError, UnicodeEncodeError) as error:  # NUL, half a surrogate pair, or more than a column holds
        raise RequestError("a text holds a character that cannot be stored, or is too long; leave it out") from error
    except DBAPIError as error:
        if type(error).__name__ not in AWAY:
            raise
        raise StoreError(f"the database cannot be used now ({error.orig}); nothing is lost, try again") from error


def _prepare(connection: Any, record: object) -> None:  # noqa: ANN401 - a connection of any driver
    connection.isolation_level = None  # Python's own transactions off: _begin makes them
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("ozora_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
