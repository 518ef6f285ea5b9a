from __future__ import annotations

import dataclasses
import sys
import threading
import time
from pathlib import Path

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.jobs import QUEUED
from ozora.server.keys import LOCAL
from ozora.server.settings import Settings
from ozora.server.supervisor import WEB, WORKER, commands_of, supervise
from tests.server.samples import draft

CHILD = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *rest: sys.exit(0))
Path(sys.argv[1], str(os.getpid())).touch()
if len(list(Path(sys.argv[1]).iterdir())) == 1:
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(60)
"""


def test_a_dead_process_is_started_again_and_all_end_together(settings: Settings, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    stop = threading.Event()
    command = [sys.executable, "-c", CHILD, str(seen)]
    thread = threading.Thread(target=supervise, args=(settings, [command], stop))
    thread.start()
    until = time.monotonic() + 20
    while len(list(seen.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(list(seen.iterdir())) == 2


KILLED = """
import sys, time
from ozora.server.settings import from_environment
from ozora.server.worker import claim, open_studio
import threading, os, signal
studio = open_studio(from_environment(), threading.Event())
if claim(studio) is not None:
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(60)
"""


def test_the_job_of_a_killed_worker_need_not_wait_for_its_lease(settings: Settings, database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), time.time())
    stop = threading.Event()
    long = dataclasses.replace(settings, lease_s=600.0)
    thread = threading.Thread(target=supervise, args=(long, [[sys.executable, "-c", KILLED]], stop))
    thread.start()
    until, seen = time.monotonic() + 20, job
    while seen.waits_for is None and time.monotonic() < until:
        time.sleep(0.05)
        with database.reading() as connection:
            seen = jobs.get(connection, job.id, LOCAL)
    stop.set()
    thread.join(timeout=20)
    assert (seen.status, seen.attempt, seen.failures) == (QUEUED, 1, 0)


def test_one_web_process_and_so_many_workers(settings: Settings) -> None:
    assert commands_of(settings) == [WEB, WORKER]
