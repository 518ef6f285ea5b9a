from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.errors import PolicyError, RequestError
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.keys import LOCAL_KEY
from ozora.server.metrics import Meters
from ozora.server.painting import Studio, paint
from ozora.server.submission import clip_of, submit
from ozora.server.worker import claim
from ozora.trust.review import ReviewQueue


@pytest.fixture
def desk(studio: Studio, database: Database) -> Desk:
    return Desk(settings=studio.settings, database=database, store=studio.store, meters=Meters(database))


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


def test_a_full_queue_says_so(studio: Studio, desk: Desk) -> None:
    desk.settings = dataclasses.replace(desk.settings, max_queued=0)
    with pytest.raises(RequestError, match="queue is full") as refused:
        submit(desk, LOCAL_KEY, "create", {"prompt": "a ball", "model": "stub"}, token=None)
    assert refused.value.status == 429


def test_which_clip_is_meant(desk: Desk, studio: Studio) -> None:
    job = submit(desk, LOCAL_KEY, "create", {"prompt": "a ball", "model": "stub"}, token=None)
    with pytest.raises(RequestError, match="wait until"):
        clip_of(desk, LOCAL_KEY, {"id": job.id})
    claimed = claim(studio)
    assert claimed is not None
    paint(studio, claimed)
    assert clip_of(desk, LOCAL_KEY, {"id": job.id}) == job.id
    for wrong in ({"url": "x"}, "text", None):
        with pytest.raises(RequestError):
            clip_of(desk, LOCAL_KEY, wrong)


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
