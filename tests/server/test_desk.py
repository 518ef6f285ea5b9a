from __future__ import annotations

from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.health import health_of
from ozora.server.metrics import Meters
from ozora.server.settings import Settings
from ozora.server.store import Store


def test_slowness_is_looked_up_now_and_then(settings: Settings, database: Database, store: Store) -> None:
    health = health_of(database, store)
    desk = Desk(settings=settings, database=database, store=store, meters=Meters(database, health), health=health)
    first = desk.slowness()
    assert first == {} and desk.slowness() is first
