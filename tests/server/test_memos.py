from __future__ import annotations

from ozora.server.database import Database
from ozora.server.memos import find_memo, remove_memo, write_memo


def test_a_memo_is_written_over_and_removed(database: Database) -> None:
    with database.writing() as connection:
        assert find_memo(connection, "a") is None
        write_memo(connection, "a", "one")
        write_memo(connection, "b", "other")
        write_memo(connection, "a", "two")
        assert (find_memo(connection, "a"), find_memo(connection, "b")) == ("two", "other")
        remove_memo(connection, "a")
        remove_memo(connection, "a")
        assert (find_memo(connection, "a"), find_memo(connection, "b")) == (None, "other")
