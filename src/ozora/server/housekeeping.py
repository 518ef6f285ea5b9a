"""What has to be done from time to time: lapsed leases, files past their time, ended batches, webhooks that are due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import delete, or_, select, update

from ozora.errors import RequestError, StoreError
from ozora.server import batches, queue, webhooks
from ozora.server.clock import read_clock
from ozora.server.database import Database
from ozora.server.dates import Calendar
from ozora.server.logs import LOGGER
from ozora.server.mark import check_store_belongs
from ozora.server.orphans import discard_orphans, survey
from ozora.server.remote import Policy, post
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.tables import DELIVERIES, FILES, IDEMPOTENCY, JOBS
from ozora.server.trash import discard, empty_trash
from ozora.server.watch import Watch

SWEEP_S = 30.0
TIDY_S = 3600.0
CALM_S = 6 * 3600.0  # of a process before it throws anything away: somebody may be mending something just now
IDLE_S = 0.5
TOKENS_S = 86400.0
CURSORS_S = 86400.0  # so long a list can go on after a file that was deleted
DELIVERIES_S = 30 * 86400.0
ROWS_AT_ONCE = 100
SENDERS = 4  # of webhooks: one slow endpoint must not hold up those of others


class Housekeeper:
    """Threads that sweep and deliver until they are stopped; several web processes may each have them. ``clock`` gives
    monotonic seconds."""

    def __init__(
        self, settings: Settings, database: Database, store: Store, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._database, self._store = settings, database, store
        self._done = threading.Event()
        self._clock, self._started_at = clock, clock()
        self._calendar = Calendar(database, clock=clock)
        self._orphans, self._trash = (Watch(database, name, clock=clock) for name in ("orphans", "trash"))
        self._threads = [
            threading.Thread(target=self._keep, args=(self._sweep, SWEEP_S), daemon=True),
            threading.Thread(target=self._keep, args=(self._tidy, TIDY_S), daemon=True),
            *(threading.Thread(target=self._keep, args=(self._deliver, IDLE_S), daemon=True) for _ in range(SENDERS)),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5)

    def _keep(self, work: Callable[[], bool], pause_s: float) -> None:
        """Do ``work`` until there is none, and look again after a pause. What it waits for is said once."""
        said = ""
        while not self._done.is_set():
            busy = False
            try:
                busy, said = work(), ""
            except StoreError as error:
                if str(error) != said:
                    LOGGER.warning("housekeeping waits: %s", error)
                said = str(error)
            except Exception:
                LOGGER.exception("housekeeping failed")
            if not busy:
                self._done.wait(pause_s)

    def _sweep(self) -> bool:
        now = time.time()
        date = self._calendar.date(now)
        return sweep(self._settings, self._database, self._store, now, date=date) == ROWS_AT_ONCE

    def _tidy(self) -> bool:
        census = survey(self._database, self._store)
        if self._clock() - self._started_at < CALM_S:
            return False
        gone = discard_orphans(self._database, self._store, self._orphans, census)
        if gone:
            LOGGER.info("%d files or folders that belonged to nothing are in the trash", gone)
        emptied = empty_trash(self._store, self._trash)
        if emptied:
            LOGGER.info("%d hours of the trash are deleted for good", emptied)
        return False

    def _deliver(self) -> bool:
        return deliver(self._settings, self._database, time.time())


def sweep(settings: Settings, database: Database, store: Store, now: float, *, date: float | None = None) -> int:
    """Take lapsed jobs back, finish batches that have ended, move files that nobody can ask for into the trash.

    ``date`` is what deleting goes by (default: ``now``). Returns how many jobs lost their files. ``StoreError``, after
    everything else, when the store is not that of the database: nothing is deleted then.
    """
    date = now if date is None else date
    with database.writing() as connection:
        moment = read_clock(connection)
        queue.reap(connection, now=moment, lease_s=settings.lease_s, max_failures=settings.max_failures)
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < date - TOKENS_S))
        connection.execute(
            delete(DELIVERIES).where(DELIVERIES.c.next_at.is_(None), DELIVERIES.c.created_at < date - DELIVERIES_S)
        )
        connection.execute(delete(FILES).where(FILES.c.deleted_at < date - CURSORS_S))
    with database.reading() as connection:
        ended = batches.ended(connection, ROWS_AT_ONCE)
    for batch in ended:
        batches.settle(database, store, batch)
    return _clean(database, store, now, date)


def _clean(database: Database, store: Store, now: float, date: float) -> int:
    """Move the files of jobs that are past their time, deleted or failed into the trash; returns of how many jobs."""
    gone = or_(JOBS.c.expires_at < date, JOBS.c.deleted_at.is_not(None), JOBS.c.status == "failed")
    query = (
        select(JOBS.c.id)
        .where(JOBS.c.cleaned_at.is_(None), JOBS.c.status.in_(("completed", "failed")), gone)
        .limit(ROWS_AT_ONCE)
    )
    with database.reading() as connection:
        names = list(connection.execute(query).scalars())
    if names:
        check_store_belongs(database, store)
    for name in names:
        discard(store, f"videos/{name}")
        with database.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == name).values(cleaned_at=now))
    return len(names)


def deliver(settings: Settings, database: Database, now: float) -> bool:
    """Send one webhook that is due; ``False`` when there is none."""
    with database.reading() as connection:
        if not connection.execute(select(DELIVERIES.c.number).where(DELIVERIES.c.next_at <= now).limit(1)).first():
            return False
    with database.writing() as connection:
        delivery = webhooks.claim(connection, now)
    if delivery is None:
        return True
    policy = Policy(private_hosts=settings.private_hosts, max_bytes=65536, timeout_s=10.0)
    try:
        answer = post(delivery.endpoint.url, delivery.payload.encode(), webhooks.headers(delivery, now), policy)
        delivered, said = 200 <= answer.status < 300, str(answer.status)
    except RequestError as error:
        delivered, said = False, str(error)
    LOGGER.info("webhook %s", "delivered" if delivered else f"failed: {said}", extra={"endpoint": delivery.endpoint.id})
    with database.writing() as connection:
        webhooks.settle(connection, delivery, delivered=delivered, answer=said, now=now)
    return True
