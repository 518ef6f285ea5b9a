from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect, text

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first, m004_deleted
from ozora.server.settings import Settings


def test_files_stay_and_those_that_were_deleted_go_on_the_way_back(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        m001_first.upgrade()
        before = {column["name"] for column in inspect(connection).get_columns("files")}
        for number in (1, 2):
            row = f"({number}, 'file_{number}', 'local', 'a', 'batch', 'text/plain', 1, 'files/{number}', 1.0)"
            connection.execute(text(f"INSERT INTO files VALUES {row}"))
        m004_deleted.upgrade()
        connection.execute(text("UPDATE files SET deleted_at = 2.0 WHERE number = 2"))
        m004_deleted.downgrade()
        assert connection.execute(text("SELECT id FROM files")).scalars().all() == ["file_1"]
        assert {column["name"] for column in inspect(connection).get_columns("files")} == before
    database.close()
