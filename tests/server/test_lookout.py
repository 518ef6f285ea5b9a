from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from ozora.errors import RequestError, StoreError
from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.keys import LOCAL
from ozora.server.lookout import Lookout
from tests.server.samples import draft


def test_many_who_ask_at_once_cost_a_few_looks(database: Database) -> None:
    with database.writing() as connection:
        names = [jobs.add(connection, draft(), 1.0).id for _ in range(5)]
    looks: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        looks.append(statement)

    async def ask_all() -> list[str]:
        lookout = Lookout(database)
        return [job.id for job in await asyncio.gather(*(lookout.get(names[n % 5], LOCAL) for n in range(100)))]

    event.listen(Engine, "before_cursor_execute", note)
    found = asyncio.run(ask_all())
    event.remove(Engine, "before_cursor_execute", note)
    assert found == [names[n % 5] for n in range(100)]
    assert len([statement for statement in looks if "FROM jobs" in statement]) <= 2


def test_nobody_is_told_anything_older_than_the_question(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)

    async def ask_before_and_after() -> list[str]:
        lookout, seen = Lookout(database), []
        for change in (None, jobs.cancel):
            if change is not None:
                with database.writing() as connection:
                    change(connection, job, 2.0)
            seen.append((await lookout.get(job.id, LOCAL)).status)
        return seen

    assert asyncio.run(ask_before_and_after()) == ["queued", "failed"]


def test_what_is_not_there_or_anothers_is_the_same(database: Database) -> None:
    with database.writing() as connection:
        gone, others = jobs.add(connection, draft(), 1.0), jobs.add(connection, draft(key_id="k2"), 1.0)
        jobs.delete(connection, gone, 2.0)

    async def ask(identity: str) -> None:
        await Lookout(database).get(identity, LOCAL)

    for identity in (gone.id, others.id, "video_0"):
        with pytest.raises(RequestError, match=f"there is no video '{identity}'") as refused:
            asyncio.run(ask(identity))
        assert refused.value.status == 404


def test_everybody_hears_when_the_database_is_away() -> None:
    async def ask_all() -> list[object]:
        lookout = Lookout(Database("postgresql://nobody@127.0.0.1:1/none"))
        return list(await asyncio.gather(*(lookout.get("video_0", LOCAL) for _ in range(3)), return_exceptions=True))

    assert [type(error) for error in asyncio.run(ask_all())] == [StoreError] * 3
