from __future__ import annotations

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.health import health_of
from ozora.server.metrics import Meters
from ozora.server.store import Store
from tests.server.samples import draft


def test_jobs_and_requests_are_counted(database: Database, store: Store) -> None:
    meters = Meters(database, health_of(database, store))
    with database.writing() as connection:
        jobs.add(connection, draft(), 7.0)
    meters.count("GET", "/v1/videos", 200, 0.01)
    text = meters.text().decode()
    assert 'ozora_jobs{status="queued"} 1.0' in text
    assert "ozora_oldest_queued_timestamp_seconds 7.0" in text
    assert 'ozora_requests_total{method="GET",route="/v1/videos",status="200"} 1.0' in text


def test_what_is_ill_is_told_though_the_database_is_away(store: Store) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    text = Meters(gone, health_of(gone, store)).text().decode()
    assert 'ozora_part_up{part="database"} 0.0' in text and 'ozora_part_up{part="store"} 1.0' in text
    gone.close()
