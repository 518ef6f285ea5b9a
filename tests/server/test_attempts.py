from __future__ import annotations

import dataclasses

from sqlalchemy import select

from ozora.server import jobs
from ozora.server.attempts import WAITED, begin_attempt, count_waits, end_attempt
from ozora.server.database import Database
from ozora.server.tables import ATTEMPTS
from tests.server.samples import draft


def test_an_attempt_begins_and_ends(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        begin_attempt(connection, job, "w", 2.0)
        end_attempt(connection, job, "released", "told to stop", 3.0)
        (row,) = connection.execute(select(ATTEMPTS)).mappings()
    assert (row["worker"], row["started_at"], row["ended_at"]) == ("w", 2.0, 3.0)
    assert (row["outcome"], row["detail"]) == ("released", "told to stop")


def test_only_the_last_failures_of_ours_are_counted(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        counted = []
        for number, outcome in enumerate([WAITED, "lost", WAITED, WAITED], start=1):
            tried = dataclasses.replace(job, attempt=number)
            begin_attempt(connection, tried, "w", float(number))
            end_attempt(connection, tried, outcome, None, float(number))
            counted.append(count_waits(connection, tried))
        begin_attempt(connection, dataclasses.replace(job, attempt=5), "w", 5.0)  # goes on
        assert count_waits(connection, job) == 2
    assert counted == [1, 0, 1, 2]
