"""Kill -9 of web and worker processes while jobs are painted: nothing lost, nothing doubled, the same pixels.

python benchmarks/durability.py [--kills 50] [--jobs 40] [--seed 0]

Two workers and a web process with the stub backend of the tests; each kill hits one of them, a worker while it paints.
A client submits with idempotency keys and asks again when the web process dies under it. Prints one Markdown row;
exits 1 when a job is lost or doubled or has other pixels than an undisturbed run.
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
PATIENCE_S = 300
BUSY_S = 8  # so long a kill waits for its worker to have a job


class Crew:
    """The processes; a killed one is replaced at once."""

    def __init__(self, settings: Settings) -> None:
        self._variables = environment(settings)
        self._commands = [WEB, WORKER, WORKER]
        self._processes = [self._start(command) for command in self._commands]

    def kill(self, index: int, database: Database) -> None:
        pid, until = self._processes[index].pid, time.monotonic() + BUSY_S
        while index > 0 and not is_painting(database, pid) and time.monotonic() < until:
            time.sleep(0.05)
        self._processes[index].kill()
        self._processes[index].wait()
        self._processes[index] = self._start(self._commands[index])

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=60)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=ROOT, env=self._variables, stderr=subprocess.DEVNULL)


def is_painting(database: Database, pid: int) -> bool:
    """Whether the worker of a process holds a job; its name has the number of the process."""
    held = select(JOBS.c.id).where(JOBS.c.status == "in_progress", JOBS.c.worker.like(f"%-{pid}-%"))
    with database.reading() as connection:
        return connection.execute(held).first() is not None


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


def submit(base: str, count: int, made: dict[int, str]) -> None:
    """One job after the other, in a thread of its own."""
    for number in range(count):
        body = {"model": "stub", "prompt": f"ball {number}", "seed": number, "num_inference_steps": STEPS}
        made[number] = ask(f"{base}/v1/videos", body, f"job-{number}")["id"]
        time.sleep(0.3)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    chance = random.Random(wanted.seed)
    BACKENDS["stub"] = StubBackend()
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = dataclasses.replace(
            in_folder(Path(folder)), port=port, aliases={"sora-2": "stub"}, lease_s=1.5, max_failures=50
        )
        base, made = f"http://127.0.0.1:{port}", dict[int, str]()
        crew = Crew(settings)
        began, database = time.monotonic(), Database(settings.database)
        try:
            ask(f"{base}/readyz")
            client = threading.Thread(target=submit, args=(base, wanted.jobs, made))
            client.start()
            for _ in range(wanted.kills):
                time.sleep(chance.uniform(0.1, 1.0))
                crew.kill(chance.randrange(3), database)
            client.join()
            for identity in made.values():
                while ask(f"{base}/v1/videos/{identity}")["status"] in ("queued", "in_progress"):
                    time.sleep(0.1)
            took_s = time.monotonic() - began
        finally:
            crew.stop()
        database.close()
        return report(settings, made, wanted.kills, took_s)


def report(settings: Settings, made: dict[int, str], kills: int, took_s: float) -> int:
    """Compare what is in the database with what was asked for, and with an undisturbed run."""
    database = Database(settings.database)
    with database.reading() as connection:
        rows = list(connection.execute(select(JOBS.c.id, JOBS.c.status, JOBS.c.plan, JOBS.c.pixels_sha256)))
        outcomes = select(func.coalesce(ATTEMPTS.c.outcome, "running"), func.count()).group_by(ATTEMPTS.c.outcome)
        attempts = {str(outcome): int(number) for outcome, number in connection.execute(outcomes)}
    database.close()
    lost = len(set(made.values()) - {row.id for row in rows if row.status == "completed"})
    doubled = len(rows) - len(set(made.values())) + attempts.get("completed", 0) - len(rows) + lost
    other = sum(row.pixels_sha256 != undisturbed(row.plan) for row in rows)
    print("| kills | jobs | attempts | lost | doubled | other pixels | seconds |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {kills} | {len(made)} | {sum(attempts.values())} | {lost} | {doubled} | {other} | {took_s:.0f} |")
    return int(bool(lost or doubled or other))


def undisturbed(plan: dict[str, Any]) -> str:
    """The pixels of a plan that nobody kills."""
    *_, take = pipeline.run(Plan.from_dict(plan))
    assert isinstance(take, pipeline.Take)
    return take.record.pixels_sha256


if __name__ == "__main__":
    sys.exit(main())
