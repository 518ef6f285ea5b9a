from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.jobs import COMPLETED, QUEUED, Job
from ozora.server.keys import LOCAL
from ozora.server.painting import Studio
from ozora.server.settings import Settings, environment
from ozora.server.worker import claim, open_studio, work
from tests.server.samples import draft, plan
from tests.server.test_painting import expected

ROOT = Path(__file__).parents[2]


def start_worker(settings: Settings, step_s: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.server.stub_worker", str(step_s)]
    return subprocess.Popen(command, cwd=ROOT, env=environment(settings), stderr=subprocess.DEVNULL)


def wait_for(database: Database, job: Job, *, status: str = "", step: int = 0, timeout_s: float = 20) -> Job:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        with database.reading() as connection:
            seen = jobs.get(connection, job.id, LOCAL)
        if (not status or seen.status == status) and seen.step >= step:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"{seen.status} at step {seen.step} after {timeout_s} s")


def test_a_worker_paints_what_there_is_and_stops(studio: Studio) -> None:
    with studio.database.writing() as connection:
        made = [jobs.add(connection, draft(seed=seed), time.time()) for seed in range(3)]
    thread = threading.Thread(target=work, args=(studio,))
    thread.start()
    for job in made:
        wait_for(studio.database, job, status=COMPLETED)
    studio.draining.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert claim(studio) is None


def test_every_worker_has_a_name_of_its_own(settings: Settings, database: Database) -> None:
    first, second = (open_studio(settings, threading.Event()) for _ in range(2))
    assert first.worker != second.worker
    first.database.close()
    second.database.close()


@pytest.mark.slow
def test_sigterm_gives_the_job_back_and_kill_loses_one_step(
    settings: Settings, database: Database, studio: Studio
) -> None:
    """One job, three workers: the first is told to stop, the second is killed, the third goes on to the same pixels."""
    with database.writing() as connection:
        job = jobs.add(connection, draft(steps=30), time.time())
    first = start_worker(settings, 0.05)
    wait_for(database, job, step=2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=10) == 0
    given = wait_for(database, job, status=QUEUED)
    second = start_worker(settings, 0.05)
    wait_for(database, job, step=given.step + 2)
    second.kill()
    second.wait()
    with database.writing() as connection:
        reached = jobs.get(connection, job.id, LOCAL).step
    third = start_worker(settings, 0.0)
    done = wait_for(database, job, status=COMPLETED)
    third.terminate()
    assert third.wait(timeout=10) == 0
    assert given.step >= 2 and reached > given.step
    assert done.pixels_sha256 == expected(plan(steps=30))


@pytest.mark.long
def test_kills_lose_nothing_and_double_nothing() -> None:
    program = [sys.executable, "benchmarks/durability.py", "--kills", "4", "--jobs", "4", "--seed", "1"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
