"""The worker process: claims jobs one after the other and paints them. Run as ``python -m ozora.server.worker``."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time

from ozora.backends import BACKENDS
from ozora.errors import OzoraError, StoreError
from ozora.server import logs, preflight, queue
from ozora.server.clock import read_clock
from ozora.server.database import Database
from ozora.server.health import Illness, health_of
from ozora.server.inputs import INPUTS
from ozora.server.jobs import Job
from ozora.server.logs import LOGGER
from ozora.server.memory import free_bytes, own_bytes
from ozora.server.painting import Studio, paint
from ozora.server.postures import keep_private
from ozora.server.process import Watchdog, end_with_parent, on_stop
from ozora.server.scratch import clear_scratch
from ozora.server.settings import Settings, from_environment
from ozora.server.store import Store

IDLE_S = 0.05
BARRED_S = 0.25  # before a queue is looked at again whose jobs are not for this worker now
NICENESS = 10  # painting takes all the processor that there is; whoever answers requests comes first
UNWELL_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # before our side is looked at again, by looks in a row that found it ill
PATIENT_S = 60.0  # after so long without other work, a job that may need too much memory is tried all the same


def work(studio: Studio, pauses_s: tuple[float, ...] = UNWELL_S) -> None:
    """Paint whatever there is until told to stop; then give the present job back with its last step saved.

    While a part of our side is ill nothing is claimed, and jobs wait for as long as that takes; it is looked at again
    after ``pauses_s``, the last of them for ever.
    """
    gate, memory = Gate(studio, pauses_s), Memory(studio)
    while not studio.draining.is_set():
        if not gate.is_open():
            continue
        job, wait_s = None, IDLE_S
        try:
            if is_work(studio):
                job, wait_s = claim(studio, memory.room_bytes()), BARRED_S
        except StoreError as error:
            LOGGER.warning("no job can be claimed: %s", error, extra={"worker": studio.worker})
            gate.doubt()
            continue
        memory.note(barred=job is None and wait_s == BARRED_S)
        if job is None:
            studio.draining.wait(wait_s)
            continue
        log = {"job": job.id, "attempt": job.attempt, "worker": studio.worker, "key": job.key_id}
        LOGGER.info("job claimed", extra=log)
        try:
            outcome = paint(studio, job)
            LOGGER.info("job %s", outcome, extra=log)
        except StoreError as error:  # the lease lapses, and another attempt goes on from the last step
            LOGGER.error("job left behind: %s", error, extra=log)
            outcome = "waits"
        if outcome == "waits":
            gate.doubt()


class Gate:
    """Open while our side is well. Says so in the log when that changes, and to the jobs that wait for it."""

    def __init__(self, studio: Studio, pauses_s: tuple[float, ...] = UNWELL_S) -> None:
        self._studio, self._pauses_s = studio, pauses_s
        self._ill: tuple[Illness, ...] = ()
        self._looks = 0
        self._max_age_s: float | None = None

    def doubt(self) -> None:
        """Look at our side anew before the next claim."""
        self._max_age_s = 0.0

    def is_open(self) -> bool:
        """Whether a job may be claimed; takes a while when it may not, longer each time."""
        found = self._studio.health.look(max_age_s=self._max_age_s)
        self._max_age_s = 0.0 if found else None
        changed, before = [item.part for item in found] != [item.part for item in self._ill], self._ill
        self._ill = found
        if changed:
            self._say(found, before)
        if not found:
            self._looks = 0
            return True
        self._studio.draining.wait(self._pauses_s[min(self._looks, len(self._pauses_s) - 1)])
        self._looks += 1
        return False

    def _say(self, found: tuple[Illness, ...], before: tuple[Illness, ...]) -> None:
        log = {"worker": self._studio.worker}
        for illness in found:
            LOGGER.error("no job is claimed while the %s is ill: %s", illness.part, illness.reason, extra=log)
        if not found:
            LOGGER.info("all is well again, jobs are claimed", extra=log)
        if any(illness.part == "database" for illness in before):
            # Painters could not say that they are there: they come first, before their leases are looked at.
            self._studio.draining.wait(self._studio.settings.lease_s / 2)
        try:
            with self._studio.database.writing() as connection:
                queue.explain(connection, found[0].kind.public if found else None, read_clock(connection))
        except StoreError:
            return  # its users cannot ask either


class Memory:
    """How much memory the next job may use here, and how long there was only work that needs more."""

    def __init__(self, studio: Studio, patient_s: float = PATIENT_S) -> None:
        self._settings, self._patient_s = studio.settings, patient_s
        self._barred_since: float | None = None

    def room_bytes(self) -> int | None:
        """Bytes; ``None`` for any, where nobody knows or after a long time without other work."""
        if self._barred_since is not None and time.monotonic() - self._barred_since > self._patient_s:
            return None
        left = free_bytes()
        limit = preflight.usable_memory(self._settings.memory_bytes, self._settings.workers)
        return None if left is None else min(limit, own_bytes() + left)

    def note(self, *, barred: bool) -> None:
        """Whether there was work, and none of it for this worker."""
        if not barred:
            self._barred_since = None
        elif self._barred_since is None:
            self._barred_since = time.monotonic()


def is_work(studio: Studio) -> bool:
    """Whether a claim may find something."""
    with studio.database.reading() as connection:
        return queue.is_work(connection, read_clock(connection))


def claim(studio: Studio, memory_bytes: int | None = None) -> Job | None:
    """The next job that needs no more than ``memory_bytes``, if there is one."""
    limits = studio.settings
    with studio.database.writing() as connection:
        return queue.claim(
            connection,
            studio.worker,
            now=read_clock(connection),
            lease_s=limits.lease_s,
            max_failures=limits.max_failures,
            memory_bytes=memory_bytes,
        )


def open_studio(settings: Settings, draining: threading.Event) -> Studio:
    """Everything a worker needs; its name is its own for ever. What killed processes left on the machine is removed."""
    clear_scratch()
    INPUTS.clear()
    database = Database(settings.database)
    database.migrate()
    store = Store(settings.data)
    return Studio(
        worker=f"{socket.gethostname()}-{os.getpid()}-{settings.mark or secrets.token_hex(6)}",
        settings=settings,
        database=database,
        store=store,
        health=health_of(database, store),
        draining=draining,
        watchdog=Watchdog(),
    )


def main() -> None:
    """The process: settings come from the one that started it."""
    logs.start()
    os.nice(NICENESS)
    settings = from_environment()
    keep_private(settings)
    draining = threading.Event()
    on_stop(draining)
    if settings.supervised:
        end_with_parent()
    studio = open_studio(settings, draining)
    for name in sorted(set(settings.aliases.values()) & set(BACKENDS)):
        try:
            BACKENDS[name].load()  # before the first job waits for it
        except OzoraError as error:
            LOGGER.error("%s cannot be loaded: %s", name, error)
    LOGGER.info("worker ready", extra={"worker": studio.worker})
    work(studio)
    studio.database.close()


if __name__ == "__main__":
    main()
