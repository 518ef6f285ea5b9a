"""Pollers and submitters against a server on loopback with the stub backend: how long answers and starts take.

python benchmarks/load.py [--pollers 1000] [--submitters 50] [--seconds 20] [--queue 10000]

Pollers ask for one video each, twice a second. Submitters make one job in ten seconds each. Before that the queue is
filled with jobs that are not yet due, and one page of it is listed. Prints one Markdown row; "start" is from the
submission to the worker's claim.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import select, update

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.server.samples import draft  # noqa: E402

from ozora.server import jobs, keys  # noqa: E402
from ozora.server.database import Database  # noqa: E402
from ozora.server.settings import Settings, environment, in_folder  # noqa: E402
from ozora.server.tables import JOBS  # noqa: E402

POLL_S, SUBMIT_S = 0.5, 10.0
BODY = {"model": "stub", "prompt": "a ball", "seed": 1, "num_inference_steps": 1}


@dataclasses.dataclass(slots=True, kw_only=True)
class Tally:
    """What the clients saw."""

    waits_s: list[float]
    errors: int = 0


async def poll(client: httpx.AsyncClient, path: str, until: float, tally: Tally) -> None:
    """Ask for one video again and again."""
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = await client.get(path)
        tally.waits_s.append(time.perf_counter() - began)
        tally.errors += answer.status_code >= 500
        await asyncio.sleep(POLL_S)


async def submit(client: httpx.AsyncClient, until: float, tally: Tally) -> None:
    """Make one job after the other."""
    while time.monotonic() < until:
        answer = await client.post("/v1/videos", json=BODY)
        tally.errors += answer.status_code >= 500
        await asyncio.sleep(SUBMIT_S)


async def load(base: str, wanted: argparse.Namespace, tally: Tally) -> None:
    """Everybody at once, each with a connection of its own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=60, trust_env=False) as client:
        made = [(await client.post("/v1/videos", json=BODY)).json()["id"] for _ in range(10)]
        until = time.monotonic() + wanted.seconds
        pollers = (poll(client, f"/v1/videos/{made[number % 10]}", until, tally) for number in range(wanted.pollers))
        await asyncio.gather(*pollers, *(submit(client, until, tally) for _ in range(wanted.submitters)))


def list_page(settings: Settings, base: str, count: int) -> float:
    """Seconds of one page of a queue of ``count`` jobs, which stay in it."""
    database = Database(settings.database)
    with database.writing() as connection:
        keys.ensure_local(connection)
        for number in range(count):
            jobs.add(connection, draft(priority=-20, seed=number), time.time())
        connection.execute(update(JOBS).values(not_before=1e12))
    database.close()
    times = []
    with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
        for _ in range(20):
            began = time.perf_counter()
            client.get("/v1/videos", params={"limit": 20}).raise_for_status()
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def starts(settings: Settings) -> list[float]:
    """Seconds from submission to claim of the jobs that were claimed."""
    database = Database(settings.database)
    with database.reading() as connection:
        query = select(JOBS.c.started_at - JOBS.c.created_at).where(
            JOBS.c.started_at.is_not(None), JOBS.c.priority == 0
        )
        found = [float(value) for value in connection.execute(query).scalars()]
    database.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pollers", type=int, default=1000)
    parser.add_argument("--submitters", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--queue", type=int, default=10_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = dataclasses.replace(in_folder(Path(folder)), port=port, aliases={"sora-2": "stub"}, max_queued=10**6)
        Database(settings.database).migrate()
        base, variables = f"http://127.0.0.1:{port}", environment(settings)
        commands = ["tests.server.stub_web"], ["tests.server.stub_worker", "0"]
        crew = [
            subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=variables, stderr=subprocess.DEVNULL)
            for command in commands
        ]
        try:
            wait_for(base)
            page_s = list_page(settings, base, wanted.queue)
            tally = Tally(waits_s=[])
            asyncio.run(load(base, wanted, tally))
        finally:
            for process in crew:
                process.terminate()
            for process in crew:
                process.wait(timeout=60)
        waits, begun = sorted(tally.waits_s), starts(settings)
        print("| pollers | submitters | GET | GET p50 ms | GET p99 ms | 5xx | started | start p50 ms | page ms |")
        print("|---|---|---|---|---|---|---|---|---|")
        p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
        start_ms = statistics.median(begun) * 1000
        print(
            f"| {wanted.pollers} | {wanted.submitters} | {len(waits)} | {p50:.1f} | {p99:.1f} | {tally.errors} "
            f"| {len(begun)} | {start_ms:.0f} | {page_s * 1000:.1f} |"
        )
    return int(tally.errors > 0)


def wait_for(base: str) -> None:
    """Until the server answers."""
    for _ in range(600):
        try:
            httpx.get(f"{base}/readyz", timeout=2, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the server does not start")


if __name__ == "__main__":
    sys.exit(main())
