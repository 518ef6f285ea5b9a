from __future__ import annotations

from ozora.server.tables import JOBS, METADATA


def test_every_table_has_a_primary_key() -> None:
    assert all(table.primary_key.columns for table in METADATA.sorted_tables)


def test_the_queue_has_an_index() -> None:
    assert "jobs_queue" in {index.name for index in JOBS.indexes}
