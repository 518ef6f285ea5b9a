from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect, text

from ozora.server.database import Database
from ozora.server.migrations.versions import m001_first, m002_characters
from ozora.server.settings import Settings


def test_what_is_there_stays_and_the_way_back_leaves_nothing(settings: Settings) -> None:
    database = Database(settings.database)
    with database.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        m001_first.upgrade()
        before = {column["name"] for column in inspect(connection).get_columns("characters")}
        connection.execute(text("INSERT INTO characters VALUES ('char_1', 'local', 'Mo', 'file_1', 1.0)"))
        m002_characters.upgrade()
        rows = connection.execute(text("SELECT name, description, person FROM characters")).all()
        assert [tuple(row) for row in rows] == [("Mo", "", "")]
        m002_characters.downgrade()
        assert {column["name"] for column in inspect(connection).get_columns("characters")} == before
    database.close()
