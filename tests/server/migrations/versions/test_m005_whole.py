from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, inspect, text

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first, m005_whole
from ozora.server.settings import Settings

TABLES = ("jobs", "files", "batches")


def test_rows_stay_both_ways(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        m001_first.upgrade()
        before = {table: _columns(connection, table) for table in TABLES}
        row = "(1, 'file_1', 'local', 'a', 'batch', 'text/plain', 1, 'files/1', 1.0)"
        connection.execute(text(f"INSERT INTO files VALUES {row}"))
        m005_whole.upgrade()
        assert connection.execute(text("SELECT id, sha256 FROM files")).one() == ("file_1", "")
        connection.execute(text("INSERT INTO installation VALUES ('store', 'abc')"))
        m005_whole.downgrade()
        assert connection.execute(text("SELECT id FROM files")).scalars().all() == ["file_1"]
        assert {table: _columns(connection, table) for table in TABLES} == before
        assert "installation" not in inspect(connection).get_table_names()
    database.close()


def _columns(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}
