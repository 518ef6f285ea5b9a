from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from ozora.errors import StoreError
from ozora.server import batches, files, jobs, queue, webhooks
from ozora.server.database import Database
from ozora.server.housekeeping import Housekeeper, deliver, sweep
from ozora.server.jobs import QUEUED
from ozora.server.mark import FILE
from ozora.server.memos import write_memo
from ozora.server.painting import Studio, paint
from ozora.server.seals import seal_of
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.tables import DELIVERIES, FILES
from ozora.server.trash import find_entries, list_trash
from tests.server.ear import Receiver
from tests.server.samples import draft
from tests.server.test_batches import start
from tests.server.test_watch import Clock


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
    (entry,) = find_entries(studio.store, job.id)
    assert studio.store.find(f"{entry.place}/1/video.mp4"), "it can be brought back"


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


def test_the_date_decides_what_expires_and_the_clock_what_lapses(studio: Studio) -> None:
    with studio.database.writing() as connection:
        jobs.add(connection, draft(), time.time())
        job = queue.claim(connection, "w1", now=time.time(), lease_s=5.0, max_failures=2)
    assert job is not None
    paint(studio, job)
    now = time.time()
    assert sweep(studio.settings, studio.database, studio.store, now + 3650 * 86400, date=now) == 0
    with studio.database.writing() as connection:
        jobs.add(connection, draft(), now)
        queue.claim(connection, "w1", now=now, lease_s=-1.0, max_failures=2)
    sweep(studio.settings, studio.database, studio.store, now, date=now)
    with studio.database.reading() as connection:
        assert jobs.count(connection)[QUEUED] == 1


def test_nothing_goes_from_a_store_of_another_database(database: Database, store: Store, settings: Settings) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        jobs.delete(connection, job, 2.0)
    store.write(f"videos/{job.id}/input-0", b"x")
    store.write(FILE, b"of another one")
    with database.writing() as connection:
        write_memo(connection, "store_mark", "ours")
    with pytest.raises(StoreError, match="another database"):
        sweep(settings, database, store, 3.0)
    assert store.find(f"videos/{job.id}/input-0") == b"x"


def test_what_housekeeping_waits_for_is_said_once(
    database: Database, store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keeper, looks = Housekeeper(settings, database, store), []

    def work() -> bool:
        looks.append(1)
        if len(looks) == 5:
            keeper.stop()
        raise StoreError("the store belongs to another database" if len(looks) < 4 else "the store is away")

    keeper._keep(work, 0.0)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "housekeeping waits: the store belongs to another database",
        "housekeeping waits: the store is away",
    ]


def test_a_process_is_calm_for_hours_before_it_throws_anything_away(
    database: Database, store: Store, settings: Settings
) -> None:
    clock = Clock()
    keeper = Housekeeper(settings, database, store, clock=clock)
    keeper._tidy()
    path = f"files/{files.new_id()}"
    store.write(path, b"x")
    hours = 0
    while store.find(path) and hours < 99:
        keeper._tidy()
        clock.now += 3600
        hours += 1
    assert hours == 6 + 24 + 1
    for _ in range(7 * 24 - 1):
        keeper._tidy()
        assert len(list_trash(store)) == 1
        clock.now += 3600
    keeper._tidy()
    assert list_trash(store) == []


def test_the_threads_stop_when_told(database: Database, store: Store, settings: Settings) -> None:
    keeper = Housekeeper(settings, database, store)
    keeper.start()
    keeper.stop()
