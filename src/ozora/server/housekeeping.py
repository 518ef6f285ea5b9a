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
from ozora.server.logs import LOGGER
from ozora.server.orphans import remove_orphans
from ozora.server.remote import Policy, post
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.tables import DELIVERIES, FILES, IDEMPOTENCY, JOBS

SWEEP_S = 30.0
TIDY_S = 3600.0
IDLE_S = 0.5
TOKENS_S = 86400.0
CURSORS_S = 86400.0  # so long a list can go on after a file that was deleted
DELIVERIES_S = 30 * 86400.0
ROWS_AT_ONCE = 100
SENDERS = 4  # of webhooks: one slow endpoint must not hold up those of others


class Housekeeper:
    """Threads that sweep and deliver until they are stopped; several web processes may each have them."""

    def __init__(self, settings: Settings, database: Database, store: Store) -> None:
        self._settings, self._database, self._store = settings, database, store
        self._done = threading.Event()
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
            thread.join(timeout=5)

    def _keep(self, work: Callable[[], bool], pause_s: float) -> None:
        """Do ``work`` until there is none, and look again after a pause."""
        while not self._done.is_set():
            busy = False
            try:
                busy = work()
            except StoreError as error:
                LOGGER.warning("housekeeping waits: %s", error)
            except Exception:
                LOGGER.exception("housekeeping failed")
            if not busy:
                self._done.wait(pause_s)

    def _sweep(self) -> bool:
        return sweep(self._settings, self._database, self._store, time.time()) == ROWS_AT_ONCE

    def _tidy(self) -> bool:
        gone = remove_orphans(self._settings.data, self._database, self._store, time.time())
        if gone:
            LOGGER.info("%d files or folders that belonged to nothing are removed", gone)
        return False

    def _deliver(self) -> bool:
        return deliver(self._settings, self._database, time.time())


def sweep(settings: Settings, database: Database, store: Store, now: float) -> int:
    """Take lapsed jobs back, finish batches that have ended, remove files that nobody can ask for any more.

    Returns how many jobs lost theirs.
    """
    with database.writing() as connection:
        moment = read_clock(connection)
        queue.reap(connection, now=moment, lease_s=settings.lease_s, max_failures=settings.max_failures)
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < now - TOKENS_S))
        connection.execute(
            delete(DELIVERIES).where(DELIVERIES.c.next_at.is_(None), DELIVERIES.c.created_at < now - DELIVERIES_S)
        )
        connection.execute(delete(FILES).where(FILES.c.deleted_at < now - CURSORS_S))
    gone = or_(JOBS.c.expires_at < now, JOBS.c.deleted_at.is_not(None), JOBS.c.status == "failed")
    query = (
        select(JOBS.c.id)
        .where(JOBS.c.cleaned_at.is_(None), JOBS.c.status.in_(("completed", "failed")), gone)
        .limit(ROWS_AT_ONCE)
    )
    with database.reading() as connection:
        names = list(connection.execute(query).scalars())
    for name in names:
        store.remove(f"videos/{name}")
        with database.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == name).values(cleaned_at=now))
    with database.reading() as connection:
        ended = batches.ended(connection, ROWS_AT_ONCE)
    for batch in ended:
        batches.settle(database, store, batch)
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
