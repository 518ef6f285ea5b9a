from __future__ import annotations

from ozora.server.database import Database
from ozora.server.watch import LONGEST_S, PATIENCE_S, Watch


class Clock:
    """Monotonic seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_seen_again_has_been_there_for_the_time_between(database: Database) -> None:
    clock = Clock()
    watch = Watch(database, "x", clock=clock)
    assert watch.look({"a": "1", "b": "1"}) == {"a": 0.0, "b": 0.0}
    clock.now += 3600
    assert watch.look({"a": "1", "b": "2", "c": "1"}) == {"a": 3600.0, "b": 0.0, "c": 0.0}
    clock.now += 60
    assert watch.look({"b": "2"}) == {"b": 60.0}
    assert watch.look({"a": "1"}) == {"a": 0.0}, "what went away begins anew"


def test_a_long_silence_counts_for_little(database: Database) -> None:
    clock = Clock()
    watch = Watch(database, "x", clock=clock)
    watch.look({"a": ""})
    clock.now += 365 * 86400
    assert watch.look({"a": ""}) == {"a": LONGEST_S}


def test_a_restart_goes_on_where_the_last_process_was(database: Database) -> None:
    clock = Clock()
    old = Watch(database, "x", clock=clock)
    old.look({"a": ""})
    clock.now += 3600
    old.look({"a": ""})
    clock = Clock()  # of another machine, or after a start of the same one
    new = Watch(database, "x", clock=clock)
    assert new.look({"a": ""}) == {}, "the old one may still run"
    clock.now += PATIENCE_S
    assert new.look({"a": ""}) == {"a": 3600.0}
    clock.now += 600
    assert new.look({"a": ""}) == {"a": 4200.0}


def test_two_processes_do_not_count_the_same_time_twice(database: Database) -> None:
    clock = Clock()
    one, two = (Watch(database, "x", clock=clock) for _ in range(2))
    for hour in range(5):
        assert one.look({"a": ""}) == {"a": hour * 3600.0}
        assert two.look({"a": ""}) == {}
        clock.now += 3600


def test_watches_of_two_names_do_not_mix(database: Database) -> None:
    clock = Clock()
    Watch(database, "x", clock=clock).look({"a": ""})
    assert Watch(database, "y", clock=clock).look({"a": ""}) == {"a": 0.0}
