from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ozora.server.database import Database
from ozora.server.settings import Settings
from ozora.server.tables import METADATA


def test_the_migrations_make_exactly_the_tables(settings: Settings, database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
