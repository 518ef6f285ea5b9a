from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ozora.errors import PolicyError, RequestError, StoreError
from ozora.server import jobs
from ozora.server.desk import Desk
from ozora.server.keys import LOCAL_KEY
from ozora.server.painting import Studio
from ozora.server.store import SPARE_BYTES, Store
from ozora.server.submission import enter, prepare, submit, undoing
from ozora.server.uploads import Upload
from ozora.trust.review import ReviewQueue
from tests.server.locked import LockedDatabase
from tests.server.routes.test_videos import png


class FullStore(Store):
    """A disk with room for the jobs that are there, and for a plan, but for no more files."""

    def free_bytes(self) -> int:
        return SPARE_BYTES + 150_000


def test_a_request_becomes_a_job(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub", "seed": 5}
    job = submit(desk, LOCAL_KEY, "create", fields, token=None)
    assert (job.prompt, job.seconds, job.size, job.plan["seed"]) == ("a ball", "1", "16x16", 5)
    assert job.predicted_s > 0 and job.predicted_memory_bytes > 0 and job.predicted_disk_bytes > 0


def test_a_token_is_one_job(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub"}
    first, second = (submit(desk, LOCAL_KEY, "create", fields, token="t") for _ in range(2))
    assert first == second
    with pytest.raises(RequestError, match="characters"):
        submit(desk, LOCAL_KEY, "create", fields, token="t" * 300)


def test_a_token_of_a_deleted_video_makes_no_second_one(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub"}
    job = submit(desk, LOCAL_KEY, "create", fields, token="t")
    with desk.database.writing() as connection:
        jobs.delete(connection, job, 1.0)
    with pytest.raises(RequestError, match="was deleted; take a new one") as refused:
        submit(desk, LOCAL_KEY, "create", fields, token="t")
    assert (refused.value.status, refused.value.code) == (409, "deleted")
    assert submit(desk, LOCAL_KEY, "create", fields, token="u").id != job.id


def test_nothing_is_kept_when_the_database_is_locked(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub", "input_reference": Upload(name="a.png", data=png())}
    desk.database = LockedDatabase(desk.settings.database)
    with pytest.raises(StoreError, match="locked"):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    desk.database.close()
    videos = desk.store.local_path("videos")
    assert videos is not None and not list(videos.iterdir())


def test_what_a_job_needs_stays_though_its_maker_fails(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub", "input_reference": Upload(name="a.png", data=png())}
    draft = prepare(desk, LOCAL_KEY, "create", fields)
    with pytest.raises(StoreError), undoing(desk, [draft]):
        with desk.database.writing() as connection:
            enter(connection, desk, LOCAL_KEY, [draft], 1.0)
        raise StoreError("the answer to the commit is lost")
    assert desk.store.find(f"videos/{draft.id}/input-0")


def test_a_full_queue_says_so(studio: Studio, desk: Desk) -> None:
    desk.settings = dataclasses.replace(desk.settings, max_queued=0)
    with pytest.raises(RequestError, match="queue is full") as refused:
        submit(desk, LOCAL_KEY, "create", {"prompt": "a ball", "model": "stub"}, token=None)
    assert refused.value.status == 429


def test_nothing_is_kept_of_what_is_refused(desk: Desk) -> None:
    fields = {"prompt": "a ball", "model": "stub", "input_reference": Upload(name="a.png", data=png())}
    kept = submit(desk, LOCAL_KEY, "create", fields, token="t")
    assert submit(desk, LOCAL_KEY, "create", fields, token="t") == kept
    videos = desk.store.local_path("videos")
    assert videos is not None and [path.name for path in videos.iterdir()] == [kept.id]
    desk.settings = dataclasses.replace(desk.settings, max_queued=0)
    with pytest.raises(RequestError, match="queue is full"):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    assert [path.name for path in videos.iterdir()] == [kept.id]


def test_a_key_cannot_take_the_whole_queue(desk: Desk) -> None:
    desk.settings = dataclasses.replace(desk.settings, max_queued=4)
    fields = {"prompt": "a ball", "model": "stub"}
    one, other = (dataclasses.replace(LOCAL_KEY, id=name) for name in ("one", "other"))
    for _ in range(2):
        submit(desk, one, "create", fields, token=None)
    with pytest.raises(RequestError, match="half of the queue") as refused:
        submit(desk, one, "create", fields, token=None)
    assert refused.value.status == 429
    assert submit(desk, other, "create", fields, token=None).status == "queued"


def test_a_full_disk_takes_no_files_and_no_job(desk: Desk) -> None:
    full = FullStore(desk.settings.data)
    desk.store = full
    out, noise = io.BytesIO(), np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, format="PNG")
    fields = {"prompt": "a ball", "model": "stub", "input_reference": Upload(name="a.png", data=out.getvalue())}
    with pytest.raises(StoreError, match="disk is full"):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    with desk.database.reading() as connection:
        assert jobs.count(connection) == {}
    assert not list(Path(str(full.local_path("videos"))).glob("*/*"))


def test_a_title_is_judged_though_it_is_not_painted(desk: Desk) -> None:
    board = {"cards": [{"at": 0, "duration": 1, "text": "a ball"}]}
    fields = {"prompt": "a beheading", "storyboard": board, "model": "stub"}
    with pytest.raises(PolicyError):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    with pytest.raises(RequestError, match="title"):
        submit(desk, LOCAL_KEY, "create", {**fields, "prompt": "x" * 2001}, token=None)


def test_names_of_a_cast_are_judged_though_they_are_not_painted(desk: Desk) -> None:
    cards = [{"at": 0, "duration": 1, "text": "@taylorswift dances"}]
    board = {"cards": cards, "cast": {"taylorswift": "a red robot"}}
    with pytest.raises(PolicyError, match="named-person"):
        submit(desk, LOCAL_KEY, "create", {"storyboard": board, "model": "stub"}, token=None)


def test_what_is_not_wanted_is_judged_where_it_is_shown(desk: Desk) -> None:
    """Guidance below one goes toward it. Above, to say what must not be there is what it is for."""
    fields = {"prompt": "a red ball", "model": "maquette", "seconds": "1", "negative_prompt": "a beheading"}
    with pytest.raises(PolicyError, match="gore"):
        submit(desk, LOCAL_KEY, "create", {**fields, "guidance_scale": 0.5}, token=None)
    assert submit(desk, LOCAL_KEY, "create", {**fields, "guidance_scale": 3.0}, token=None).status == "queued"


def test_a_prompt_is_judged_by_the_rules_of_its_key(
    desk: Desk, own_rules: Callable[[dict[str, dict[str, str]]], Path]
) -> None:
    own_rules({"local": {"brands": "refuse"}, "studio": {"brands": "allow"}})
    fields = {"prompt": "mickey mouse dances", "model": "stub"}
    with pytest.raises(PolicyError, match="refused"):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    studio = dataclasses.replace(LOCAL_KEY, id="studio")
    assert submit(desk, studio, "create", fields, token=None).key_id == "studio"


def test_what_is_held_goes_through_once_a_person_has_looked(
    desk: Desk, own_rules: Callable[[dict[str, dict[str, str]]], Path]
) -> None:
    home = own_rules({"default": {"brands": "review"}})
    fields = {"prompt": "mickey mouse dances", "model": "stub"}
    with pytest.raises(PolicyError, match="waits for review"):
        submit(desk, LOCAL_KEY, "create", fields, token=None)
    with ReviewQueue(home) as queue:
        (case,) = queue.list_waiting()
        assert case.key == "local"
        queue.answer(case.number, "approved", by="ann")
    assert submit(desk, LOCAL_KEY, "create", fields, token=None).status == "queued"
