"""Kill -9 of web and worker processes while jobs are painted: nothing lost, nothing doubled, the same pixels.

python benchmarks/durability.py [--kills 50] [--seed 0] [--minutes 5]

Two workers and a web process with the stub backend of the tests. Two of three kills hit a worker, at a random moment
after it was seen to hold a job; the others hit the web process. A client keeps some jobs in the queue until the last
kill, each with an idempotency key, and asks again when the web process dies under it. Prints one Markdown row; exits 1
when a job is lost or doubled or has other pixels than an undisturbed run, or when not all kills came in time. Every
wait has an end: what has not ended a fifth of the time after the last kill is lost.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
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
from ozora.server.local_key import keep_local_key  # noqa: E402
from ozora.server.settings import Settings, environment, in_folder  # noqa: E402
from ozora.server.tables import ATTEMPTS, JOBS  # noqa: E402
from ozora.trust.settings import find_home  # noqa: E402

STEP_S, STEPS = 0.1, 12
AHEAD = 5  # jobs that wait or are painted, so that a worker always finds one
WEB = [sys.executable, "-m", "tests.server.stub_web"]
WORKER = [sys.executable, "-m", "tests.server.stub_worker", str(STEP_S)]
PATIENCE_S = 60  # for an answer
BUSY_S = 20  # so long a kill waits for its worker to have a job
STOP_S = 20  # for a process to end that was told to


class Crew:
    """The processes; a killed one is replaced at once. They end with this process, whatever becomes of it."""

    def __init__(self, settings: Settings) -> None:
        self._variables = environment(dataclasses.replace(settings, supervised=True))
        self._commands = [WEB, WORKER, WORKER]
        self._processes = [self._start(command) for command in self._commands]

    def kill(self, index: int, database: Database, delay_s: float) -> bool:
        """Kill -9 of one process, a worker ``delay_s`` after it has a job; returns whether a worker had one then."""
        process, until = self._processes[index], time.monotonic() + BUSY_S
        while index > 0 and not is_painting(database, process.pid) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(delay_s)
        painting = index > 0 and is_painting(database, process.pid)
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


def num_left(database: Database) -> int:
    """How many jobs have not ended."""
    going = select(func.count()).where(JOBS.c.status.in_(("queued", "in_progress")))
    with database.reading() as connection:
        return int(connection.execute(going).scalar_one())


def ask(url: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    """An answer of the server, however often it dies meanwhile."""
    until = time.monotonic() + PATIENCE_S
    headers = {"content-type": "application/json", "authorization": f"Bearer {keep_local_key(find_home())}"}
    headers |= {"idempotency-key": token} if token else {}
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


def submit(base: str, database: Database, made: dict[int, str], enough: threading.Event) -> None:
    """Keep some jobs in the queue, in a thread of its own."""
    while not enough.wait(0.05):
        if num_left(database) < AHEAD:
            number = len(made)
            body = {"model": "stub", "prompt": f"ball {number}", "seed": number, "num_inference_steps": STEPS}
            made[number] = ask(f"{base}/v1/videos", body, f"job-{number}")["id"]


def disturb(crew: Crew, base: str, database: Database, wanted: argparse.Namespace) -> tuple[dict[int, str], list[bool]]:
    """Submit and kill, then wait for the last job; returns the jobs by number, and which kills hit a painter."""
    made, enough, chance = dict[int, str](), threading.Event(), random.Random(wanted.seed)
    ask(f"{base}/readyz")
    client = threading.Thread(target=submit, args=(base, database, made, enough), daemon=True)
    client.start()
    hits: list[bool] = []
    until = time.monotonic() + wanted.minutes * 48
    while len(hits) < wanted.kills and time.monotonic() < until:
        hits.append(crew.kill(chance.randrange(3), database, chance.uniform(0.0, STEP_S * STEPS)))
    enough.set()
    client.join(PATIENCE_S)
    until = time.monotonic() + wanted.minutes * 12
    while num_left(database) and time.monotonic() < until:
        time.sleep(0.1)
    return made, hits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=5)
    wanted = parser.parse_args()
    BACKENDS["stub"] = StubBackend()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OZORA_HOME"] = str(Path(folder) / "home")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = dataclasses.replace(
            in_folder(Path(folder)), port=port, aliases={"sora-2": "stub"}, lease_s=1.5, max_failures=50
        )
        Database(settings.database).migrate()
        crew, began, database = Crew(settings), time.monotonic(), Database(settings.database)
        try:
            made, hits = disturb(crew, f"http://127.0.0.1:{port}", database, wanted)
        finally:
            crew.stop()
        took_s = time.monotonic() - began
        result = report(database, made, hits, took_s)
        database.close()
    return result or int(len(hits) < wanted.kills)


def report(database: Database, made: dict[int, str], hits: list[bool], took_s: float) -> int:
    """Compare what is in the database with what was asked for, and with an undisturbed run."""
    with database.reading() as connection:
        rows = list(connection.execute(select(JOBS.c.id, JOBS.c.status, JOBS.c.plan, JOBS.c.pixels_sha256)))
        outcomes = select(func.coalesce(ATTEMPTS.c.outcome, "running"), func.count()).group_by(ATTEMPTS.c.outcome)
        attempts = {str(outcome): int(number) for outcome, number in connection.execute(outcomes)}
        resumed = select(func.count()).where(ATTEMPTS.c.first_step > 0)
        num_resumed = int(connection.execute(resumed).scalar_one())
    ended = [row for row in rows if row.status == "completed"]
    lost = len(set(made.values()) - {row.id for row in ended})
    doubled = max(0, len(rows) - len(made)) + attempts.get("completed", 0) - len(ended)
    other = sum(row.pixels_sha256 != undisturbed(row.plan) for row in ended)
    row = {
        "kills": len(hits),
        "of a painter": sum(hits),
        "jobs": len(made),
        "attempts": sum(attempts.values()),
        "from a saved step": num_resumed,
        "lost": lost,
        "doubled": doubled,
        "other pixels": other,
        "seconds": round(took_s),
    }
    print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
    print(f"| {' | '.join(str(value) for value in row.values())} |")
    return int(bool(lost or doubled or other))


def undisturbed(plan: dict[str, Any]) -> str:
    """The pixels of a plan that nobody kills."""
    *_, take = pipeline.run(Plan.from_dict(plan))
    assert isinstance(take, pipeline.Take)
    return take.record.pixels_sha256


if __name__ == "__main__":
    sys.exit(main())
