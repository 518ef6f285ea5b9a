from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image
from sqlalchemy import update

from ozora import pipeline
from ozora.errors import OutOfMemoryError, StoreError, TrustError, WeightsError
from ozora.media import read_video
from ozora.pipeline import Progress, Take
from ozora.plan import Plan, Record
from ozora.server import jobs, keys, queue
from ozora.server.health import Check, Health
from ozora.server.inputs import stow
from ozora.server.jobs import CANCELLED, COMPLETED, FAILED, QUEUED, Draft, Job
from ozora.server.keys import LOCAL
from ozora.server.painting import STUCK, Studio, paint, percent
from ozora.server.process import Watchdog
from ozora.server.seals import seal_of
from ozora.server.snapshots import snapshot_path
from ozora.server.tables import JOBS, KEYS
from ozora.trust.ledger import Ledger
from ozora.trust.settings import find_home
from tests.server.samples import draft, plan
from tests.server.stub import StubBackend


def claimed(studio: Studio, wanted: Draft | None = None) -> Job:
    with studio.database.writing() as connection:
        jobs.add(connection, wanted or draft(), time.time())
    return again(studio)


def again(studio: Studio, later_s: float = 0.0) -> Job:
    now, lease_s = time.time() + later_s, studio.settings.lease_s
    with studio.database.writing() as connection:
        job = queue.claim(connection, "w1", now=now, lease_s=lease_s, max_failures=2)
    assert job is not None
    return job


def see(studio: Studio, job: Job) -> Job:
    with studio.database.reading() as connection:
        return jobs.get(connection, job.id, LOCAL)


def expected(wanted: Plan) -> str:
    *_, take = pipeline.run(wanted)
    assert isinstance(take, Take)
    return take.record.pixels_sha256


def test_a_job_becomes_files(studio: Studio, tmp_path: Path) -> None:
    job = claimed(studio)
    assert paint(studio, job) == "completed"
    done = see(studio, job)
    assert (done.status, done.progress, done.folder) == (COMPLETED, 100, f"videos/{job.id}/1")
    assert done.pixels_sha256 == expected(plan())
    assert (done.took_s or 0) > 0 and (done.took_memory_bytes or 0) > 1_000_000
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(studio.store.read(f"{done.folder}/video.mp4"))
    frames, fps = read_video(clip)
    assert frames.shape == (4, 32, 48, 3) and fps == 4
    for name in ("video.mp4", "thumbnail.webp", "spritesheet.jpg", "video.mp4.json"):
        assert (done.content or {})[name] == seal_of(studio.store.read(f"{done.folder}/{name}")).to_dict()
    assert studio.store.find(snapshot_path(job.id)) is None


def test_another_goes_on_from_the_last_step_to_the_same_pixels(studio: Studio, stub: StubBackend) -> None:
    job = claimed(studio)
    studio.draining.set()
    for _ in range(2):
        assert paint(studio, job) == "released"
        studio.draining.clear()
        job = again(studio)
        studio.draining.set()
    studio.draining.clear()
    assert stub.strokes == []  # stopped at the first event, before any step
    assert paint(studio, job) == "completed"
    assert stub.strokes == [1, 2, 3, 4]
    assert see(studio, job).pixels_sha256 == expected(plan())


def test_a_saved_step_is_not_painted_twice(studio: Studio, stub: StubBackend) -> None:
    events = [event for event in pipeline.run(plan()) if isinstance(event, Progress) and event.save]
    job = claimed(studio)
    assert events[1].save is not None
    studio.store.write(snapshot_path(job.id), events[1].save())
    stub.strokes.clear()
    assert paint(studio, job) == "completed"
    assert stub.strokes == [3, 4]
    assert see(studio, job).pixels_sha256 == expected(plan())


def test_a_damaged_snapshot_is_painted_over(studio: Studio, stub: StubBackend) -> None:
    job = claimed(studio)
    studio.store.write(snapshot_path(job.id), b"nonsense")
    assert paint(studio, job) == "completed"
    assert stub.strokes == [1, 2, 3, 4]


def test_a_cancelled_job_stops_at_its_next_step(studio: Studio, stub: StubBackend) -> None:
    job = claimed(studio)

    def cancel() -> None:
        with studio.database.writing() as connection:
            jobs.cancel(connection, job, time.time())
        assert (see(studio, job).status, see(studio, job).error_code) == (FAILED, CANCELLED)  # at once

    stub.at_end = cancel
    assert paint(studio, job) == "cancelled"
    assert studio.store.find(snapshot_path(job.id)) is None  # housekeeping has been here already
    assert studio.store.find(f"videos/{job.id}/1/video.mp4") is None


def test_a_lost_job_leaves_no_files(studio: Studio) -> None:
    job = claimed(studio)
    other = again(studio, later_s=60.0)
    assert paint(studio, job) == "lost"
    assert studio.store.find(f"videos/{job.id}/1/video.mp4") is None
    assert other.attempt == 2


def test_a_users_mistake_ends_the_job(studio: Studio) -> None:
    job = claimed(studio, draft("an unfit ball"))
    assert paint(studio, job) == "failed"
    assert (see(studio, job).status, see(studio, job).error_message) == (FAILED, "this is unfit")


def test_the_rules_of_the_key_hold_when_it_is_painted(
    studio: Studio, stub: StubBackend, own_rules: Callable[[dict[str, dict[str, str]]], Path]
) -> None:
    own_rules({"local": {"brands": "refuse"}, "studio": {"brands": "allow"}})
    refused = claimed(studio, draft("mickey mouse dances"))
    assert paint(studio, refused) == "failed"
    assert see(studio, refused).error_code == "moderation_blocked"
    assert stub.strokes == []
    with studio.database.writing() as connection:
        keys.create(connection, "a studio", now=0.0)
        connection.execute(update(KEYS).where(KEYS.c.name == "a studio").values(id="studio"))
    assert paint(studio, claimed(studio, draft("mickey mouse dances", key_id="studio"))) == "completed"


def test_rules_that_change_meanwhile_stop_the_publication(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, own_rules: Callable[[dict[str, dict[str, str]]], Path]
) -> None:
    own_rules({"local": {"brands": "allow"}})
    make = pipeline.make

    def stricter(*args: Any, **named: Any) -> Generator[Progress | Record]:
        for event in make(*args, **named):
            if isinstance(event, Progress) and event.stage == "decode":
                own_rules({"local": {"brands": "refuse"}})
            yield event

    monkeypatch.setattr(pipeline, "make", stricter)
    job = claimed(studio, draft("mickey mouse dances"))
    assert paint(studio, job) == "failed"
    assert (see(studio, job).error_code, see(studio, job).folder) == ("moderation_blocked", None)


def test_what_fails_for_no_known_reason_is_tried_again_and_given_up(studio: Studio) -> None:
    job = claimed(studio, draft("a cursed ball"))
    assert paint(studio, job) == "retried"
    assert (see(studio, job).status, see(studio, job).failures) == (QUEUED, 1)
    strict = dataclasses.replace(studio, settings=dataclasses.replace(studio.settings, max_failures=2))
    assert paint(strict, again(studio, later_s=3.0)) == "retried"
    assert (see(studio, job).status, see(studio, job).error_code) == (FAILED, "server_error")


def test_what_fails_by_our_fault_waits_and_never_ends(studio: Studio) -> None:
    job = claimed(studio, draft("an unlucky ball"))
    pauses = []
    for _ in range(12):
        assert paint(studio, job) == "waits"
        waiting = see(studio, job)
        assert (waiting.status, waiting.failures, waiting.waits_for) == (QUEUED, 0, WeightsError.public)
        pauses.append(round(waiting.not_before - time.time()))
        with studio.database.writing() as connection:
            connection.execute(update(JOBS).values(not_before=0.0))
        job = again(studio)
    assert pauses == sorted(pauses) and (pauses[0], pauses[-1]) == (2, 512)
    assert see(studio, job).waits_for is None  # it is painted now


def test_what_nobody_foresaw_is_ours_while_our_side_is_ill(studio: Studio) -> None:
    def away() -> None:
        raise StoreError("the bucket at 10.0.0.7 is away")

    ill = dataclasses.replace(studio, health=Health({"store": Check(run=away, silence=StoreError)}))
    job = claimed(studio, draft("a cursed ball"))
    assert paint(ill, job) == "waits"
    waiting = see(studio, job)
    assert (waiting.failures, waiting.waits_for) == (0, StoreError.public)
    assert again(studio).id == job.id  # at once: workers wait for the store, the job need not


def test_a_job_that_took_too_much_memory_is_thought_to_need_more(studio: Studio) -> None:
    job = claimed(studio, dataclasses.replace(draft("a greedy ball"), predicted_memory_bytes=1_000_000))
    assert paint(studio, job) == "waits"
    waiting = see(studio, job)
    assert (waiting.predicted_memory_bytes, waiting.waits_for) == (1_500_000, OutOfMemoryError.public)


def test_no_more_memory_is_thought_to_be_needed_than_there_is(studio: Studio) -> None:
    small = dataclasses.replace(studio, settings=dataclasses.replace(studio.settings, memory_bytes=1_200_000))
    job = claimed(studio, dataclasses.replace(draft("a greedy ball"), predicted_memory_bytes=1_000_000))
    assert paint(small, job) == "waits"
    assert see(studio, job).predicted_memory_bytes == 1_200_000


def test_a_job_is_held_while_it_is_found_out_whose_fault_it_was(studio: Studio) -> None:
    """A part that hangs is waited for longer than a lease, and nobody else may take the job for lost."""
    hasty = dataclasses.replace(
        studio,
        settings=dataclasses.replace(studio.settings, lease_s=0.3),
        health=Health({"home": Check(run=lambda: time.sleep(1.0), silence=TrustError)}),
    )
    job, taken = claimed(hasty, draft("an unlucky ball")), []
    thread = threading.Thread(target=lambda: taken.append(paint(hasty, job)))
    thread.start()
    while thread.is_alive():
        with studio.database.writing() as connection:
            queue.reap(connection, now=time.time(), lease_s=0.3, max_failures=5)
        time.sleep(0.02)
    assert taken == ["waits"]
    assert see(studio, job).failures == 0


def num_published() -> int:
    with Ledger(find_home()) as ledger:
        return ledger.count()


def test_a_late_painter_leaves_no_entry(studio: Studio, stub: StubBackend) -> None:
    """The job is lost when all is painted: the ledger knows as many files as before."""
    before, job = num_published(), claimed(studio)
    stub.at_end = lambda: again(studio, later_s=60.0)
    assert paint(studio, job) == "lost"
    assert num_published() == before


def test_what_is_published_and_not_delivered_is_taken_back(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    before, job = num_published(), claimed(studio)
    folder = Path(studio.settings.data) / "videos" / job.id

    def block_the_way(*_: object) -> None:
        assert num_published() == before + 1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "1").write_text("in the way")

    monkeypatch.setattr("ozora.server.painting.write_assets", block_the_way)
    assert paint(studio, job) == "waits"
    assert num_published() == before
    monkeypatch.undo()
    assert paint(studio, again(studio, later_s=5.0)) == "completed"
    assert num_published() == before + 1


def test_a_painter_that_stands_still_ends_its_process(studio: Studio, stub: StubBackend) -> None:
    left: list[int] = []
    hanging = threading.Event()

    def leave(code: int) -> None:
        left.append(code)
        hanging.set()

    settings = dataclasses.replace(studio.settings, lease_s=0.3, patience=2.0)
    hasty = dataclasses.replace(studio, settings=settings, leave=leave)
    stub.at_end = lambda: hanging.wait(20)
    job = claimed(studio, dataclasses.replace(draft(), predicted_s=0.1))
    paint(hasty, job)
    assert left == [STUCK]


def test_the_watchdog_is_fed_while_a_video_is_painted_and_rests_then(studio: Studio, stub: StubBackend) -> None:
    class Dog(Watchdog):
        heard: ClassVar[list[float]] = []

        def feed(self, within_s: float) -> None:
            self.heard.append(within_s)

        def rest(self) -> None:
            self.heard.append(0.0)

    stub.at_end = lambda: time.sleep(0.5)
    settings = dataclasses.replace(studio.settings, lease_s=0.3, patience=20.0)
    watched = dataclasses.replace(studio, settings=settings, watchdog=Dog())
    assert paint(watched, claimed(studio)) == "completed"
    assert len(Dog.heard) >= 4 and Dog.heard[-1] == 0.0
    assert set(Dog.heard[:-1]) == {6.0}


def test_a_given_picture_comes_from_the_store(studio: Studio, tmp_path: Path) -> None:
    picture = tmp_path / "given.png"
    Image.new("RGB", (32, 32), (200, 10, 10)).save(picture)
    wanted = pipeline.make_plan("a ball", model="stub", seed=1, image=picture)
    stowed = stow(studio.store, wanted, "video_x")
    picture.unlink()
    job = claimed(studio, dataclasses.replace(draft(), plan=stowed.to_dict()))
    assert paint(studio, job) == "completed"


@pytest.mark.parametrize(
    ("stage", "done", "total", "shown"), [("load", 1, 1, 2), ("paint", 4, 8, 47), ("decode", 1, 1, 96), ("x", 1, 1, 99)]
)
def test_progress_is_of_the_whole_job(stage: str, done: int, total: int, shown: int) -> None:
    assert percent(Progress(stage=stage, done=done, total=total)) == shown
