from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.errors import DiskFullError, OutOfMemoryError, ServiceError, StoreError, TrustError
from ozora.server.database import Database
from ozora.server.health import Check, Health, health_of
from ozora.server.store import Store


class Part:
    """A part that fails with ``error`` while there is one, and counts the looks at it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.looks = error, 0

    def __call__(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error


def health(run: Callable[[], object], *, fresh_s: float = 60.0, patience_s: float = 10.0) -> Health:
    return Health({"part": Check(run=run, silence=StoreError)}, fresh_s=fresh_s, patience_s=patience_s)


def test_what_is_well_is_looked_at_now_and_then() -> None:
    part = Part()
    whole = health(part)
    assert whole.look() == whole.look() == ()
    assert part.looks == 1
    assert whole.look(max_age_s=0) == () and part.looks == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TrustError("x"), TrustError),
        (MemoryError(), OutOfMemoryError),
        (OSError(28, "no space"), DiskFullError),
        (PermissionError(13, "no"), ServiceError),
        (ValueError("x"), StoreError),  # the kind of the part, where the error says nothing of itself
    ],
)
def test_whatever_is_wrong_makes_a_part_ill(error: Exception, kind: type[ServiceError]) -> None:
    whole = health(Part(error))
    (illness,) = whole.look()
    assert (illness.part, illness.kind) == ("part", kind)
    with pytest.raises(kind):
        whole.require()


def test_what_is_mended_refuses_nobody_any_more() -> None:
    part = Part(StoreError("away"))
    whole = health(part)
    with pytest.raises(StoreError, match="away"):
        whole.require()
    part.error = None
    whole.require()


def test_a_part_that_hangs_is_ill_and_holds_nobody_up() -> None:
    released, looks = threading.Event(), Part()

    def hang() -> None:
        looks()
        released.wait(20)

    whole = health(hang, patience_s=0.5)
    began = time.monotonic()
    assert [whole.look()[0].reason for _ in range(20)] == ["the part does not answer"] * 20
    assert time.monotonic() - began < 5  # only the first waited
    assert looks.looks == 1  # all asked for one look
    released.set()
    until = time.monotonic() + 10
    while whole.look() and time.monotonic() < until:
        time.sleep(0.01)
    assert whole.look() == ()


def test_many_at_once_share_a_look() -> None:
    part = Part()

    def slow() -> None:
        part()
        time.sleep(0.2)

    whole, began = health(slow), threading.Barrier(8)

    def ask() -> None:
        began.wait()
        whole.look()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert part.looks == 1


def test_the_parts_of_a_server(
    database: Database, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OZORA_HOME", str(tmp_path / "home"))
    whole = health_of(database, store)
    assert whole.parts == ("database", "store", "memory", "home")
    assert whole.look() == ()
    (tmp_path / "home" / "trust.json").write_text('{"prompt": "hash",}')
    (tmp_path / "files").rename(tmp_path / "away")
    (tmp_path / "files").write_text("in the way")
    assert [(illness.part, illness.kind) for illness in whole.look(max_age_s=0)] == [
        ("store", StoreError),
        ("home", TrustError),
    ]


def test_a_store_of_another_database_is_ill(tmp_path: Path, database: Database) -> None:
    store = Store(str(tmp_path / "files"))
    whole = health_of(database, store)
    assert whole.look(max_age_s=0) == ()
    store.write("ozora-store", b"another mark")
    (illness,) = whole.look(max_age_s=0)
    assert illness.part == "store"
    assert "another database" in illness.reason
