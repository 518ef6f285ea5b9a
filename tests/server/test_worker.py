from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.health import Check, Health
from ozora.server.jobs import COMPLETED, QUEUED, Job
from ozora.server.keys import LOCAL
from ozora.server.logs import LOGGER
from ozora.server.painting import Studio
from ozora.server.settings import Settings, environment
from ozora.server.worker import UNWELL_S, Gate, Memory, claim, is_work, open_studio, work
from tests.server.samples import draft, plan
from tests.server.test_painting import expected

ROOT = Path(__file__).parents[2]


def start_worker(settings: Settings, step_s: float, *max_bytes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.server.stub_worker", str(step_s), *map(str, max_bytes)]
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


class Switch:
    """A part of our side that can be broken and mended."""

    def __init__(self) -> None:
        self.is_broken = False
        self.looks = 0

    def __call__(self) -> None:
        self.looks += 1
        if self.is_broken:
            raise TrustError("/home/x/trust.json cannot be read")


def with_part(studio: Studio, switch: Switch) -> Studio:
    return dataclasses.replace(studio, health=Health({"home": Check(run=switch, silence=TrustError)}, fresh_s=0.0))


def test_nothing_is_claimed_while_our_side_is_ill_and_all_goes_on_when_it_is_well(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    LOGGER.propagate = True
    switch = Switch()
    switch.is_broken, sick = True, with_part(studio, switch)
    with studio.database.writing() as connection:
        first, second = (jobs.add(connection, draft(seed=seed), time.time()) for seed in range(2))
    thread = threading.Thread(target=work, args=(sick,))
    thread.start()
    until = time.monotonic() + 10
    while switch.looks < 2 and time.monotonic() < until:
        time.sleep(0.02)
    waiting = wait_for(studio.database, first, status=QUEUED)
    assert (waiting.attempt, waiting.waits_for) == (0, TrustError.public)
    assert wait_for(studio.database, second).waits_for is None  # it is not its turn
    switch.is_broken = False
    for job in (first, second):
        done = wait_for(studio.database, job, status=COMPLETED)
        assert (done.failures, done.waits_for) == (0, None)
    studio.draining.set()
    thread.join(timeout=5)
    said = [record.getMessage() for record in caplog.records if "claimed while" in record.getMessage()]
    assert len(said) == 1 and "trust.json" in said[0]  # once, not at each look


def test_our_side_is_looked_at_less_and_less_often() -> None:
    assert list(UNWELL_S) == sorted(UNWELL_S) and UNWELL_S[-1] <= 60


def test_a_gate_looks_anew_when_it_is_told_to_doubt(studio: Studio) -> None:
    switch = Switch()
    part = {"home": Check(run=switch, silence=TrustError)}
    gate = Gate(dataclasses.replace(studio, health=Health(part, fresh_s=60.0)))
    studio.draining.set()  # no pauses
    assert gate.is_open()
    switch.is_broken = True
    assert gate.is_open()
    gate.doubt()
    assert not gate.is_open()
    switch.is_broken = False
    assert gate.is_open()


def test_a_job_of_another_machine_is_not_taken_by_one_whose_clock_is_ahead(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio.database.writing() as connection:
        jobs.add(connection, draft(), time.time())
    assert claim(studio) is not None
    ahead = time.time() + 300
    monkeypatch.setattr(time, "time", lambda: ahead)
    assert not is_work(studio)
    assert claim(dataclasses.replace(studio, worker="ahead")) is None


def test_a_worker_that_has_only_work_that_is_too_large_tries_it_after_a_while(studio: Studio) -> None:
    memory = Memory(studio, patient_s=0.2)
    room = memory.room_bytes()
    assert room is not None and room > 0
    memory.note(barred=True)
    assert memory.room_bytes() is not None
    time.sleep(0.3)
    assert memory.room_bytes() is None
    memory.note(barred=False)
    assert memory.room_bytes() is not None


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
    program = [sys.executable, "benchmarks/durability.py", "--kills", "4", "--seed", "1"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
