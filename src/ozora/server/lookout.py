"""Looks at single jobs for many who wait for them: what is asked for while one look is under way goes into the next.

A thousand clients that poll cost a few queries then, each of many jobs, in place of a thousand; and nobody is told
anything older than the question.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.jobs import Job

AT_ONCE = 200  # jobs of one query


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    identity: str
    answer: asyncio.Future[Job | None]


class Lookout:
    """Belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Question] = []
        self._looking: asyncio.Task[None] | None = None

    async def get(self, identity: str, key_id: str) -> Job:
        """As ``jobs.get``: a key's own job, else ``RequestError`` (404); ``StoreError`` when the database is away."""
        question = _Question(identity=identity, answer=asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        job = await question.answer
        if job is None or job.key_id != key_id:
            raise jobs.absence(identity)
        return job

    async def _look(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._answer(asked)
        finally:
            self._looking = None

    async def _answer(self, asked: list[_Question]) -> None:
        try:
            found = await run_in_threadpool(self._find, {question.identity for question in asked})
        except Exception as error:  # belongs to those who asked
            for question in asked:
                if not question.answer.done():
                    question.answer.set_exception(error)
            return
        for question in asked:
            if not question.answer.done():  # a client that has gone does not wait any more
                question.answer.set_result(found.get(question.identity))

    def _find(self, identities: set[str]) -> dict[str, Job]:
        with self._database.reading() as connection:
            return jobs.find(connection, identities)
