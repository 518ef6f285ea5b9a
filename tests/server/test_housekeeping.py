from __future__ import annotations

import json
import time
from pathlib import Path

from sqlalchemy import select
from standardwebhooks import Webhook

from ozora.server import batches, files, jobs, queue, webhooks
from ozora.server.database import Database
from ozora.server.housekeeping import Housekeeper, deliver, sweep
from ozora.server.jobs import QUEUED
from ozora.server.painting import Studio, paint
from ozora.server.seals import seal_of
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.tables import DELIVERIES, FILES
from tests.server.ear import Receiver
from tests.server.samples import draft
from tests.server.test_batches import start


def test_files_go_when_their_time_is_over(studio: Studio) -> None:
    with studio.database.writing() as connection:
        jobs.add(connection, draft(), time.time())
        job = queue.claim(connection, "w1", now=time.time(), lease_s=5.0, max_failures=2)
    assert job is not None
    paint(studio, job)
    path = f"videos/{job.id}/1/video.mp4"
    assert sweep(studio.settings, studio.database, studio.store, time.time()) == 0
    assert studio.store.find(path)
    assert sweep(studio.settings, studio.database, studio.store, time.time() + studio.settings.keep_s + 1) == 1
    assert studio.store.find(path) is None


def test_files_of_a_deleted_job_go_at_once(database: Database, store: Store, settings: Settings) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        jobs.delete(connection, job, 2.0)
    store.write(f"videos/{job.id}/input-0", b"x")
    assert sweep(settings, database, store, 3.0) == 1
    assert sweep(settings, database, store, 3.0) == 0
    assert store.find(f"videos/{job.id}/input-0") is None


def test_a_batch_ends_though_nobody_looks(database: Database, store: Store, settings: Settings) -> None:
    with database.writing() as connection:
        batch, (job,) = start(connection, 1)
        jobs.cancel(connection, job, 2.0)
    sweep(settings, database, store, 60.0)
    with database.reading() as connection:
        assert batches.get(connection, batch.id, batch.key_id).completed_at == 2.0


def test_a_deleted_file_is_forgotten_after_a_day(database: Database, store: Store, settings: Settings) -> None:
    identity = files.new_id()
    with database.writing() as connection:
        note = {"key_id": "local", "name": "a", "purpose": "x", "media_type": "x", "seal": seal_of(b"x"), "now": 1.0}
        files.remove(connection, files.add(connection, identity, **note), 2.0)  # type: ignore[arg-type]
    for now, rows in ((60.0, 1), (100_000.0, 0)):
        sweep(settings, database, store, now)
        with database.reading() as connection:
            assert len(connection.execute(select(FILES.c.id)).all()) == rows


def test_lapsed_jobs_come_back(database: Database, store: Store, settings: Settings) -> None:
    with database.writing() as connection:
        jobs.add(connection, draft(), 1.0)
        queue.claim(connection, "w", now=1.0, lease_s=5.0, max_failures=3)
    sweep(settings, database, store, 100.0)
    with database.reading() as connection:
        assert jobs.count(connection) == {QUEUED: 1}


def test_an_event_arrives_signed(database: Database, settings: Settings, receiver: tuple[str, type[Receiver]]) -> None:
    url, ear = receiver
    with database.writing() as connection:
        endpoint = webhooks.add(connection, "local", name="", url=url, event_types=["video.failed"], now=time.time())
        job = jobs.add(connection, draft(), time.time())
        jobs.cancel(connection, job, time.time())
    ear.status = 500
    assert deliver(settings, database, time.time())
    assert not deliver(settings, database, time.time())
    ear.status = 200
    assert deliver(settings, database, time.time() + 6)
    headers, body = ear.got[-1]
    assert Webhook(endpoint.secret).verify(body, {**headers, "webhook-timestamp": headers["webhook-timestamp"]})
    assert json.loads(body)["data"] == {"id": job.id}
    assert len({headers["webhook-id"] for headers, _ in ear.got}) == 1
    with database.reading() as connection:
        assert connection.execute(select(DELIVERIES.c.answer)).scalars().all() == ["200"]


def test_a_private_address_gets_nothing(database: Database, tmp_path: Path, settings: Settings) -> None:
    import dataclasses

    strict = dataclasses.replace(settings, private_hosts=())
    with database.writing() as connection:
        endpoint = webhooks.add(
            connection, "local", name="", url="http://127.0.0.1:1/", event_types=["video.failed"], now=1.0
        )
        webhooks.send_later(connection, endpoint, "video.failed", "video_1", 1.0)
    assert deliver(strict, database, 2.0)
    with database.reading() as connection:
        assert "not public" in str(connection.execute(select(DELIVERIES.c.answer)).scalar_one())


def test_what_failed_before_waits_for_what_is_new(database: Database) -> None:
    with database.writing() as connection:
        endpoint = webhooks.add(connection, "local", name="", url="http://x/", event_types=["video.failed"], now=1.0)
        first = webhooks.send_later(connection, endpoint, "video.failed", "video_1", 1.0)
        delivery = webhooks.claim(connection, 1.0)
        assert delivery is not None and delivery.event_id == first
        webhooks.settle(connection, delivery, delivered=False, answer="500", now=1.0)
        second = webhooks.send_later(connection, endpoint, "video.failed", "video_2", 50.0)
        claimed = [webhooks.claim(connection, 60.0) for _ in range(2)]
    assert [delivery and delivery.event_id for delivery in claimed] == [second, first]


def test_the_threads_stop_when_told(database: Database, store: Store, settings: Settings) -> None:
    keeper = Housekeeper(settings, database, store)
    keeper.start()
    keeper.stop()
