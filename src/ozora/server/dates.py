"""The date that deleting goes by: that of the wall clock, unless the clock has jumped ahead.

A clock that is set ten years ahead by mistake must not make every video past its time. Between two looks the date
moves on by no more than ``PACE`` times the monotonic time between them, and a server that starts again believes that
it was off for up to ``OFF_S``. What is further ahead is reached slowly; until then there is a message in the log, and
somebody can set the clock. A clock that goes back deletes nothing, and is always believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, func, select

from ozora.server.database import Database
from ozora.server.logs import LOGGER
from ozora.server.memos import find_memo, write_memo
from ozora.server.tables import JOBS

PACE = 4.0
OFF_S = 60 * 86400.0  # longer than files are kept, and what expires goes into the trash first
SLACK_S = 86400.0  # that the clock may jump by at any time: it is set right, or a laptop wakes up
NOTED_EVERY_S = 3600.0
_MEMO = "date"


class Calendar:
    """One process's idea of the date, in seconds since 1970. ``clock`` gives monotonic seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._latest: float | None = None  # the latest date that was believed
        self._looked_at = self._noted = 0.0
        self._is_behind = False

    def date(self, wall: float) -> float:
        """The date when the clock on the wall says ``wall``: that, or less."""
        now = self._clock()
        if self._latest is None:
            latest, reach = self._begin(wall), OFF_S
        else:
            latest, reach = self._latest, SLACK_S + PACE * (now - self._looked_at)
        if wall - latest > reach:
            believed = latest + (0.0 if self._latest is None else PACE * (now - self._looked_at))
        else:
            believed = wall
        self._say(wall - believed)
        self._latest, self._looked_at = max(latest, believed), now
        self._note(self._latest)
        return believed

    def _begin(self, wall: float) -> float:
        """The date that the last process left, or that of the newest job, or the wall's where all is new."""
        with self._database.reading() as connection:
            memo = find_memo(connection, _MEMO)
            newest = _newest(connection) if memo is None else float(memo)
        self._noted = newest or 0.0
        return wall if newest is None else newest

    def _note(self, date: float) -> None:
        if date - self._noted >= NOTED_EVERY_S:
            with self._database.writing() as connection:
                write_memo(connection, _MEMO, repr(date))
            self._noted = date

    def _say(self, ahead_s: float) -> None:
        is_behind = ahead_s > 86400
        if is_behind and not self._is_behind:
            LOGGER.error(
                "the clock is %.0f days ahead of what this server has seen: files expire slowly until it is set right",
                ahead_s / 86400,
            )
        self._is_behind = is_behind


def _newest(connection: Connection) -> float | None:
    newest: float | None = connection.execute(select(func.max(JOBS.c.created_at))).scalar()
    return newest
