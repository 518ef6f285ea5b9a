"""What has to be done from time to time: lapsed leases, files past their time, webhooks that are due."""

from __future__ import annotations

import threading
import time

from sqlalchemy import delete, or_, select, update

from ozora.errors import RequestError, StoreError
from ozora.server import queue, webhooks
from ozora.server.database import Database
from ozora.server.logs import LOGGER
from ozora.server.remote import Policy, post
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.tables import DELIVERIES, IDEMPOTENCY, JOBS

SWEEP_S = 30.0
IDLE_S = 0.5
TOKENS_S = 86400.0
DELIVERIES_S = 30 * 86400.0
ROWS_AT_ONCE = 100


class Housekeeper:
    """A thread that sweeps and delivers until it is stopped; several web processes may each have one."""

    def __init__(self, settings: Settings, database: Database, store: Store) -> None:
        self._settings, self._database, self._store = settings, database, store
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        next_sweep = 0.0
        while not self._done.is_set():
            busy = False
            try:
                if time.monotonic() >= next_sweep:
                    sweep(self._settings, self._database, self._store, time.time())
                    next_sweep = time.monotonic() + SWEEP_S
                busy = deliver(self._settings, self._database, time.time())
            except StoreError as error:
                LOGGER.warning("housekeeping waits: %s", error)
            except Exception:
                LOGGER.exception("housekeeping failed")
            if not busy:
                self._done.wait(IDLE_S)


def sweep(settings: Settings, database: Database, store: Store, now: float) -> int:
    """Take lapsed jobs back, remove files that nobody can ask for any more; returns how many jobs lost theirs."""
    with database.writing() as connection:
        queue.reap(connection, now=now, max_failures=settings.max_failures)
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < now - TOKENS_S))
        connection.execute(
            delete(DELIVERIES).where(DELIVERIES.c.next_at.is_(None), DELIVERIES.c.created_at < now - DELIVERIES_S)
        )
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
