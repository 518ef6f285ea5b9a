from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first
from ozora.server.settings import Settings


def test_up_and_down_leave_nothing(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        m001_first.upgrade()
        assert "jobs" in inspect(connection).get_table_names()
        m001_first.downgrade()
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()
