from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from ozora import pipeline
from ozora.media import read_video
from ozora.pipeline import Progress, Take
from ozora.plan import Plan, Record
from ozora.server import jobs, keys, queue
from ozora.server.inputs import stow
from ozora.server.jobs import CANCELLED, COMPLETED, FAILED, QUEUED, Draft, Job
from ozora.server.keys import LOCAL
from ozora.server.painting import Studio, paint, percent
from ozora.server.seals import seal_of
from ozora.server.snapshots import snapshot_path
from ozora.server.tables import KEYS
from tests.server.samples import draft, plan
from tests.server.stub import StubBackend


def claimed(studio: Studio, wanted: Draft | None = None) -> Job:
    with studio.database.writing() as connection:
        jobs.add(connection, wanted or draft(), time.time())
    return again(studio)


def again(studio: Studio, later_s: float = 0.0) -> Job:
    with studio.database.writing() as connection:
        job = queue.claim(connection, "w1", now=time.time() + later_s, lease_s=5.0, max_failures=2)
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
    with studio.database.writing() as connection:
        jobs.cancel(connection, job, time.time())
    assert paint(studio, job) == "cancelled"
    assert (see(studio, job).status, see(studio, job).error_code) == (FAILED, CANCELLED)
    assert stub.strokes == []


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


def test_ours_is_tried_again_and_given_up(studio: Studio) -> None:
    job = claimed(studio, draft("an unlucky ball"))
    assert paint(studio, job) == "retried"
    assert see(studio, job).status == QUEUED
    strict = dataclasses.replace(studio, settings=dataclasses.replace(studio.settings, max_failures=2))
    assert paint(strict, again(studio, later_s=3.0)) == "retried"
    assert (see(studio, job).status, see(studio, job).error_code) == (FAILED, "server_error")


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
