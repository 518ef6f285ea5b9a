from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first, m006_variants
from ozora.server.settings import Settings


def test_the_column_comes_and_goes(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        m001_first.upgrade()
        before = {column["name"] for column in inspect(connection).get_columns("jobs")}
        m006_variants.upgrade()
        after = {column["name"] for column in inspect(connection).get_columns("jobs")}
        assert after - before == {"variants"}
        m006_variants.downgrade()
        assert {column["name"] for column in inspect(connection).get_columns("jobs")} == before
    database.close()
