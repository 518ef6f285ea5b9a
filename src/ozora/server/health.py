"""Whether a video could be made and published here now, part by part; asked before a job is taken in or claimed.

Each part is looked at by a thread of its own, and everybody who asks meanwhile waits for that one look. A part that
does not answer in time counts as ill, so that a network drive or a service that hangs holds up nobody for longer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import text

from ozora.errors import MismatchError, ServiceError, StoreError, TrustError
from ozora.server.blame import recognize
from ozora.server.database import Database
from ozora.server.mark import check_marks
from ozora.server.memory import check_memory
from ozora.server.store import Store
from ozora.trust.readiness import prove
from ozora.trust.settings import find_home

FRESH_S = 5.0  # a look is good for so long
PATIENCE_S = 15.0  # longer than SQLite waits for a lock, and a time stamp service is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a part is looked at: ``run`` raises what is wrong; ``silence`` is raised when it does not answer."""

    run: Callable[[], object]
    silence: type[ServiceError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """A part that fails now. ``reason`` is for the operator, ``kind.public`` for everybody."""

    part: str
    kind: type[ServiceError]
    reason: str

    def error(self) -> ServiceError:
        """A new error each time: many threads may raise it."""
        return self.kind(self.reason)


class Health:
    """The parts of one process. Threads share it."""

    def __init__(
        self, checks: Mapping[str, Check], *, fresh_s: float = FRESH_S, patience_s: float = PATIENCE_S
    ) -> None:
        self.parts = tuple(checks)
        self._parts = [_Part(name, check, patience_s) for name, check in checks.items()]
        self._fresh_s = fresh_s

    def look(self, *, max_age_s: float | None = None) -> tuple[Illness, ...]:
        """What is ill, at most ``max_age_s`` ago; 0 looks now."""
        since = time.monotonic() - (self._fresh_s if max_age_s is None else max_age_s)
        for part in self._parts:
            part.start(since)
        found = [part.wait(since) for part in self._parts]
        return tuple(illness for illness in found if illness is not None)

    def require(self) -> None:
        """Raise what is wrong with the first part that is ill: ``StoreError``, ``OutOfMemoryError`` or ``TrustError``.

        What was ill is looked at again at once, so that nobody is refused for what has been mended.
        """
        if self.look():
            for illness in self.look(max_age_s=0):
                raise illness.error()


def health_of(database: Database, store: Store, *, fresh_s: float = FRESH_S) -> Health:
    """That of a process of the server."""
    return Health(
        {
            "database": Check(run=lambda: _check_database(database), silence=StoreError),
            "store": Check(run=lambda: _check_store(database, store), silence=StoreError),
            "memory": Check(run=check_memory, silence=ServiceError),
            "home": Check(run=lambda: prove(find_home()), silence=TrustError),
        },
        fresh_s=fresh_s,
    )


def _check_database(database: Database) -> None:
    with database.writing() as connection:  # one that is locked can still be read
        connection.execute(text("SELECT 1"))


def _check_store(database: Database, store: Store) -> None:
    store.check_room(0)
    store.check()
    try:
        check_marks(database, store)
    except MismatchError:  # what is made for a wrong database would be lost with it
        raise
    except StoreError:  # the database is away, and has a part of its own
        return


class _Part:
    """One part, the last look at it, and the one that is under way."""

    def __init__(self, name: str, check: Check, patience_s: float) -> None:
        self._name, self._check, self._patience_s = name, check, patience_s
        self._changed = threading.Condition()
        self._began = float("-inf")  # the look that ``_found`` comes from
        self._found: Illness | None = None
        self._is_looking = False
        self._looks_since = 0.0

    def start(self, since: float) -> None:
        """Begin a look, unless there is one from after ``since`` or one is under way."""
        with self._changed:
            self._start(since)

    def wait(self, since: float) -> Illness | None:
        """What a look that began after ``since`` found. A look that hangs is waited for once, not by everybody."""
        with self._changed:
            while self._began < since:
                self._start(since)  # the look that was under way began too early
                left_s = self._looks_since + self._patience_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    return Illness(
                        part=self._name, kind=self._check.silence, reason=f"the {self._name} does not answer"
                    )
            return self._found

    def _start(self, since: float) -> None:
        if self._began < since and not self._is_looking:
            self._is_looking, self._looks_since = True, time.monotonic()
            threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        began, found = time.monotonic(), None
        try:
            self._check.run()
        except Exception as error:  # whatever it is, the part cannot be used
            known = recognize(error)
            kind = type(known) if isinstance(known, ServiceError) else self._check.silence
            found = Illness(part=self._name, kind=kind, reason=str(known) or type(known).__name__)
        with self._changed:
            self._began, self._found, self._is_looking = began, found, False
            self._changed.notify_all()
