from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first, m003_due
from ozora.server.settings import Settings


def test_the_queue_is_indexed_by_when_it_is_due_and_there_is_a_way_back(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):

        def columns() -> list[str | None]:
            (index,) = [index for index in inspect(connection).get_indexes("jobs") if index["name"] == "jobs_queue"]
            return index["column_names"]

        m001_first.upgrade()
        before = columns()
        m003_due.upgrade()
        assert columns()[:2] == ["status", "not_before"]
        m003_due.downgrade()
        assert columns() == before
    database.close()
