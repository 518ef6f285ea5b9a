"""The worker process: claims jobs one after the other and paints them. Run as ``python -m ozora.server.worker``."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time

from ozora.backends import BACKENDS
from ozora.errors import OzoraError, StoreError
from ozora.server import logs, queue
from ozora.server.database import Database
from ozora.server.inputs import INPUTS
from ozora.server.jobs import Job
from ozora.server.logs import LOGGER
from ozora.server.painting import Studio, paint
from ozora.server.process import end_with_parent, on_stop
from ozora.server.scratch import clear_scratch
from ozora.server.settings import Settings, from_environment
from ozora.server.store import Store

IDLE_S = 0.05
NICENESS = 5  # painting takes all the processor that there is; whoever answers requests comes first
AWAY_S = 1.0  # before a database that is away is asked again


def work(studio: Studio) -> None:
    """Paint whatever there is until told to stop; then give the present job back with its last step saved."""
    while not studio.draining.is_set():
        job = None
        try:
            job = claim(studio)
        except StoreError as error:
            LOGGER.warning("no job can be claimed: %s", error, extra={"worker": studio.worker})
            studio.draining.wait(AWAY_S)
        if job is None:
            studio.draining.wait(IDLE_S)
            continue
        log = {"job": job.id, "attempt": job.attempt, "worker": studio.worker, "key": job.key_id}
        LOGGER.info("job claimed", extra=log)
        try:
            LOGGER.info("job %s", paint(studio, job), extra=log)
        except StoreError as error:  # the lease lapses, and another attempt goes on from the last step
            LOGGER.error("job left behind: %s", error, extra=log)


def claim(studio: Studio) -> Job | None:
    """The next job, if there is one."""
    now = time.time()
    with studio.database.reading() as connection:
        if not queue.is_work(connection, now):
            return None
    with studio.database.writing() as connection:
        limits = studio.settings
        return queue.claim(connection, studio.worker, now=now, lease_s=limits.lease_s, max_failures=limits.max_failures)


def open_studio(settings: Settings, draining: threading.Event) -> Studio:
    """Everything a worker needs; its name is its own for ever. What killed processes left on the machine is removed."""
    clear_scratch()
    INPUTS.clear()
    database = Database(settings.database)
    database.migrate()
    return Studio(
        worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        settings=settings,
        database=database,
        store=Store(settings.data),
        draining=draining,
    )


def main() -> None:
    """The process: settings come from the one that started it."""
    logs.start()
    os.nice(NICENESS)
    settings = from_environment()
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
