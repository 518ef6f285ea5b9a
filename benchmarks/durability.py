"""Kill -9 of web and worker processes while jobs are painted: nothing lost, nothing doubled, the same pixels.

python benchmarks/durability.py [--kills 50] [--jobs 40] [--seed 0]

Two workers and a web process with the stub backend of the tests; each kill hits one of them, a worker while it paints
(as long as there is something to paint). A client submits with idempotency keys and asks again when the web process
dies under it. Prints one Markdown row; exits 1 when a job is lost or doubled or has other pixels than an undisturbed
run. Every wait has an end: what has not ended after PATIENCE_S is lost.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.server.stub import StubBackend  # noqa: E402

from ozora import pipeline  # noqa: E402
from ozora.backends import BACKENDS  # noqa: E402
from ozora.plan import Plan  # noqa: E402
from ozora.server.database import Database  # noqa: E402
from ozora.server.settings import Settings, environment, in_folder  # noqa: E402
from ozora.server.tables import ATTEMPTS, JOBS  # noqa: E402

STEP_S, STEPS = 0.25, 12
WEB = [sys.executable, "-m", "tests.server.stub_web"]
WORKER = [sys.executable, "-m", "tests.server.stub_worker", str(STEP_S)]
PATIENCE_S = 300  # for an answer, and for the last job after the last kill
BUSY_S = 8  # so long a kill waits for its worker to have a job, while there is one
STOP_S = 20  # for a process to end that was told to


class Crew:
    """The processes; a killed one is replaced at once. They end with this process, whatever becomes of it."""

    def __init__(self, settings: Settings) -> None:
        self._variables = environment(dataclasses.replace(settings, supervised=True))
        self._commands = [WEB, WORKER, WORKER]
        self._processes = [self._start(command) for command in self._commands]

    def kill(self, index: int, database: Database, submitted: threading.Event) -> bool:
        """Kill -9 of one process; returns whether it was a worker that painted."""
        process, until = self._processes[index], time.monotonic() + BUSY_S
        painting = index > 0 and is_painting(database, process.pid)
        while index > 0 and not painting and time.monotonic() < until:
            if submitted.is_set() and not is_work_left(database):
                break
            time.sleep(0.05)
            painting = is_painting(database, process.pid)
        process.kill()
        process.wait()
        self._processes[index] = self._start(self._commands[index])
        return painting

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=ROOT, env=self._variables, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )


def is_painting(database: Database, pid: int) -> bool:
    """Whether the worker of a process holds a job; its name has the number of the process."""
    held = select(JOBS.c.id).where(JOBS.c.status == "in_progress", JOBS.c.worker.like(f"%-{pid}-%"))
    with database.reading() as connection:
        return connection.execute(held).first() is not None


def is_work_left(database: Database) -> bool:
    """Whether there is a job that has not ended."""
    going = select(JOBS.c.id).where(JOBS.c.status.in_(("queued", "in_progress"))).limit(1)
    with database.reading() as connection:
        return connection.execute(going).first() is not None


def ask(url: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    """An answer of the server, however often it dies meanwhile."""
    until = time.monotonic() + PATIENCE_S
    headers = {"content-type": "application/json"} | ({"idempotency-key": token} if token else {})
    data = None if body is None else json.dumps(body).encode()
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except (OSError, urllib.error.URLError, ValueError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def submit(base: str, count: int, made: dict[int, str], submitted: threading.Event) -> None:
    """One job after the other, in a thread of its own."""
    try:
        for number in range(count):
            body = {"model": "stub", "prompt": f"ball {number}", "seed": number, "num_inference_steps": STEPS}
            made[number] = ask(f"{base}/v1/videos", body, f"job-{number}")["id"]
            time.sleep(0.3)
    finally:
        submitted.set()


def disturb(crew: Crew, base: str, database: Database, wanted: argparse.Namespace) -> tuple[dict[int, str], int]:
    """Submit and kill, then wait for the last job; returns the jobs by number, and how many kills hit a painter."""
    made, submitted, chance = dict[int, str](), threading.Event(), random.Random(wanted.seed)
    ask(f"{base}/readyz")
    client = threading.Thread(target=submit, args=(base, wanted.jobs, made, submitted), daemon=True)
    client.start()
    hits = 0
    for _ in range(wanted.kills):
        time.sleep(chance.uniform(0.1, 1.0))
        hits += crew.kill(chance.randrange(3), database, submitted)
    until = time.monotonic() + PATIENCE_S
    while (not submitted.is_set() or is_work_left(database)) and time.monotonic() < until:
        time.sleep(0.1)
    return made, hits


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    BACKENDS["stub"] = StubBackend()
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = dataclasses.replace(
            in_folder(Path(folder)), port=port, aliases={"sora-2": "stub"}, lease_s=1.5, max_failures=50
        )
        crew, began, database = Crew(settings), time.monotonic(), Database(settings.database)
        try:
            made, hits = disturb(crew, f"http://127.0.0.1:{port}", database, wanted)
        finally:
            crew.stop()
        took_s = time.monotonic() - began
        result = report(database, made, wanted, hits, took_s)
        database.close()
        return result


def report(database: Database, made: dict[int, str], wanted: argparse.Namespace, hits: int, took_s: float) -> int:
    """Compare what is in the database with what was asked for, and with an undisturbed run."""
    with database.reading() as connection:
        rows = list(connection.execute(select(JOBS.c.id, JOBS.c.status, JOBS.c.plan, JOBS.c.pixels_sha256)))
        outcomes = select(func.coalesce(ATTEMPTS.c.outcome, "running"), func.count()).group_by(ATTEMPTS.c.outcome)
        attempts = {str(outcome): int(number) for outcome, number in connection.execute(outcomes)}
    ended = [row for row in rows if row.status == "completed"]
    lost = wanted.jobs - len({row.id for row in ended} & set(made.values()))
    doubled = max(0, len(rows) - wanted.jobs) + attempts.get("completed", 0) - len(ended)
    other = sum(row.pixels_sha256 != undisturbed(row.plan) for row in ended)
    print("| kills | of a painter | jobs | attempts | lost | doubled | other pixels | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    row = (wanted.kills, hits, wanted.jobs, sum(attempts.values()), lost, doubled, other, f"{took_s:.0f}")
    print(f"| {' | '.join(str(value) for value in row)} |")
    return int(bool(lost or doubled or other))


def undisturbed(plan: dict[str, Any]) -> str:
    """The pixels of a plan that nobody kills."""
    *_, take = pipeline.run(Plan.from_dict(plan))
    assert isinstance(take, pipeline.Take)
    return take.record.pixels_sha256


if __name__ == "__main__":
    sys.exit(main())
