from __future__ import annotations

import pytest

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.dates import OFF_S, PACE, Calendar
from tests.server.samples import draft
from tests.server.test_watch import Clock

DAY_S = 86400.0
NOW = 20_000 * DAY_S


def test_the_date_is_the_clocks(database: Database) -> None:
    clock = Clock()
    calendar = Calendar(database, clock=clock)
    for day in range(3):
        assert calendar.date(NOW + day * DAY_S) == NOW + day * DAY_S
        clock.now += DAY_S


def test_a_clock_that_jumps_ahead_is_followed_slowly(database: Database) -> None:
    clock = Clock()
    calendar = Calendar(database, clock=clock)
    calendar.date(NOW)
    for hour in range(1, 25):
        clock.now += 3600
        date = calendar.date(NOW + 3650 * DAY_S + hour * 3600)
    assert date == pytest.approx(NOW + PACE * DAY_S)
    clock.now += 3600
    assert calendar.date(NOW + DAY_S + 3600) == NOW + DAY_S + 3600, "it was set right"


def test_a_long_run_earns_no_jump(database: Database) -> None:
    clock = Clock()
    calendar = Calendar(database, clock=clock)
    for day in range(100):
        calendar.date(NOW + day * DAY_S)
        clock.now += DAY_S
    assert calendar.date(NOW + 3650 * DAY_S) <= NOW + 105 * DAY_S


def test_a_server_may_have_been_off_for_weeks_but_not_for_years(database: Database) -> None:
    Calendar(database, clock=Clock()).date(NOW)
    assert Calendar(database, clock=Clock()).date(NOW + 50 * DAY_S) == NOW + 50 * DAY_S
    assert Calendar(database, clock=Clock()).date(NOW + 3650 * DAY_S) == NOW + 50 * DAY_S


def test_without_a_note_the_newest_job_says_the_date(database: Database) -> None:
    with database.writing() as connection:
        jobs.add(connection, draft(), NOW)
    assert Calendar(database, clock=Clock()).date(NOW + OFF_S + 1) == NOW
    assert Calendar(database, clock=Clock()).date(NOW + 5 * DAY_S) == NOW + 5 * DAY_S


def test_a_clock_that_begins_in_1970_and_is_set_right_is_believed(database: Database) -> None:
    Calendar(database, clock=Clock()).date(NOW)
    clock = Clock()
    calendar = Calendar(database, clock=clock)
    assert calendar.date(0.0) == 0.0
    clock.now += 60
    assert calendar.date(NOW + 3600) == NOW + 3600
