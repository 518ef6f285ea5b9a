from __future__ import annotations

import time

from ozora.server.clock import read_clock
from ozora.server.database import Database


def test_it_is_the_time(database: Database) -> None:
    before = time.time()
    with database.reading() as connection:
        read = read_clock(connection)
    assert before - 0.01 <= read <= time.time() + 0.01


def test_it_goes_on_within_a_transaction(database: Database) -> None:
    with database.reading() as connection:
        first = read_clock(connection)
        time.sleep(0.02)
        assert 0.01 < read_clock(connection) - first < 5
