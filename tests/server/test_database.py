from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from ozora.errors import RequestError, StoreError, UserError
from ozora.server.database import Database
from ozora.server.settings import Settings


def test_a_failed_block_changes_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute(text("DELETE FROM keys"))
        raise RuntimeError
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM keys")).scalar_one() == 1


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writer:
        writer.execute(text("DELETE FROM keys"))
        with database.reading() as reader:
            assert reader.execute(text("SELECT count(*) FROM keys")).scalar_one() == 1


def test_writers_come_one_after_the_other(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE sums (value INTEGER)"))
        connection.execute(text("INSERT INTO sums VALUES (0)"))

    def add() -> None:
        for _ in range(10):
            with database.writing() as connection:
                value = connection.execute(text("SELECT value FROM sums")).scalar_one()
                connection.execute(text(f"UPDATE sums SET value = {value + 1}"))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(text("SELECT value FROM sums")).scalar_one() == 40


def test_many_may_migrate_at_once(settings: object, database: Database) -> None:
    threads = [threading.Thread(target=database.migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "m006"


def test_a_database_that_is_away_can_be_tried_again() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError, match="try again"), gone.reading():
        pass
    gone.close()


def test_the_url_may_say_how_long_a_locked_database_is_waited_for(database: Database, settings: Settings) -> None:
    hasty = Database(f"{settings.database}?timeout=0.1")
    began = time.monotonic()
    with database.writing(), pytest.raises(StoreError, match="locked"), hasty.writing():
        pass
    assert time.monotonic() - began < 3
    hasty.close()


def test_a_damaged_file_is_said_to_be_away(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database at all " * 1000)
    damaged = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(StoreError, match="nothing is lost"), damaged.reading():
        pass
    damaged.close()


def test_what_is_no_database_is_refused() -> None:
    with pytest.raises(UserError, match="sqlite:///"):
        Database("cupboard")


def test_what_cannot_be_stored_is_the_clients_fault(database: Database) -> None:
    with pytest.raises(RequestError) as refused, database.reading() as connection:
        connection.execute(text("SELECT :value"), {"value": "\ud800"})
    assert refused.value.status == 400
