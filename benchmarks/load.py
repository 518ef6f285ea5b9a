"""Pollers and submitters against a server on loopback with the stub backend: how long answers and starts take.

python benchmarks/load.py [--pollers 1000] [--submitters 50] [--seconds 30] [--queue 10000] [--workers 2]

First the queue is filled with jobs that are not yet due, and pages of it are listed. Then each poller asks for a job of
its own once a second, as the SDKs do, on a connection of its own and with an API key; each submitter makes a job in
--pause seconds. All begin at random moments of their first period. "start" is from submission to the worker's claim.
Prints one Markdown row and how busy the processes were; exits 1 when a goal is missed. Everything has an end: a request
after 30 seconds, all of it after --seconds and a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import insert, select, update

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.server.samples import draft  # noqa: E402

from ozora.server import jobs, keys  # noqa: E402
from ozora.server.database import Database  # noqa: E402
from ozora.server.keys import Limits  # noqa: E402
from ozora.server.queue import LONGEST_PAUSE_S  # noqa: E402
from ozora.server.settings import Settings, environment, in_folder  # noqa: E402
from ozora.server.tables import JOBS  # noqa: E402

POLL_S, TIMEOUT_S, PAGES = 1.0, 30.0, 30
KEPT_S = 4.0  # the server closes a connection that asks for nothing for 5 seconds
NOT_DUE_S = LONGEST_PAUSE_S  # of the filled queue; a job that is due even later is taken for a clock that jumped
BODY = json.dumps({"model": "stub", "prompt": "a ball", "seed": 1, "num_inference_steps": 1}).encode()
GOALS = {"GET p99 ms": 20.0, "5xx": 0, "start p50 ms": 100.0, "page ms": 50.0}


@dataclasses.dataclass(slots=True, kw_only=True)
class Tally:
    """What the clients saw; ``broken`` are connections that the server closed."""

    waits_s: list[float] = dataclasses.field(default_factory=list)
    statuses: dict[int, int] = dataclasses.field(default_factory=dict)
    broken: int = 0


class Caller:
    """One connection, which stays open if the next request comes soon. Reads as much of HTTP as our own server writes,
    to cost less than the server."""

    def __init__(self, port: int, key: str, tally: Tally) -> None:
        self._writer: asyncio.StreamWriter | None = None
        self._port, self._head, self._tally = port, f"host: 127.0.0.1\r\nauthorization: Bearer {key}\r\n", tally

    async def open(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, line: str, body: bytes = b"") -> float:
        """Seconds of one request."""
        head = f"{line} HTTP/1.1\r\n{self._head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        assert self._writer is not None
        began = time.perf_counter()
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        names = dict(field.split(b": ", 1) for field in answer.lower().split(b"\r\n")[1:-2])
        await self._reader.readexactly(int(names[b"content-length"]))
        took_s, status = time.perf_counter() - began, int(answer[9:12])
        self._tally.statuses[status] = self._tally.statuses.get(status, 0) + 1
        return took_s

    async def repeat(self, line: str, body: bytes, period_s: float, first_s: float, until: float) -> list[float]:
        """Ask again and again; seconds of each."""
        waits: list[float] = []
        await asyncio.sleep(first_s)
        try:
            while time.monotonic() < until:
                async with asyncio.timeout(TIMEOUT_S):
                    if not waits or period_s > KEPT_S:
                        await self.open()
                    waits.append(await self.ask(line, body))
                await asyncio.sleep(max(0.0, period_s - waits[-1]))
        except (OSError, EOFError, TimeoutError):
            self._tally.broken += 1
        if self._writer is not None:
            self._writer.close()
        return waits


async def load(port: int, key: str, names: list[str], wanted: argparse.Namespace, tally: Tally) -> None:
    """Everybody, each with a connection of its own."""
    chance = random.Random(wanted.seed)
    callers = [Caller(port, key, tally) for _ in range(wanted.pollers + wanted.submitters)]
    until = time.monotonic() + wanted.seconds
    polls = [
        caller.repeat(f"GET /v1/videos/{names[number % len(names)]}", b"", POLL_S, chance.uniform(0, POLL_S), until)
        for number, caller in enumerate(callers[: wanted.pollers])
    ]
    makes = [
        caller.repeat("POST /v1/videos", BODY, wanted.pause, chance.uniform(0, wanted.pause), until)
        for caller in callers[wanted.pollers :]
    ]
    async with asyncio.timeout(wanted.seconds + wanted.pause + 60):
        done = await asyncio.gather(*polls, *makes)
    tally.waits_s = [wait for waits in done[: wanted.pollers] for wait in waits]


def fill(settings: Settings, count: int) -> tuple[str, list[str]]:
    """A key, and the ids of ``count`` jobs of it that wait for ever."""
    database = Database(settings.database)
    database.migrate()
    limits = Limits(requests_a_minute=10**6, running_jobs=1000, seconds_a_day=1e12)
    with database.writing() as connection:
        key, text = keys.create(connection, "load", now=time.time(), limits=limits)
        jobs.add(connection, draft(priority=-20, key_id=key.id), time.time())
        row = dict(connection.execute(select(JOBS)).mappings().one())
        del row["number"]
        rows = [{**row, "id": f"video_{number:032x}"} for number in range(1, count)]
        connection.execute(insert(JOBS), rows) if rows else None
        connection.execute(update(JOBS).values(not_before=time.time() + NOT_DUE_S))
    database.close()
    return text, [row["id"], *(other["id"] for other in rows)]


def list_pages(base: str, key: str) -> float:
    """Median seconds of one of the first pages of the queue."""
    times, after = list[float](), dict[str, str]()
    with httpx.Client(base_url=base, timeout=60, trust_env=False, headers={"authorization": f"Bearer {key}"}) as client:
        for _ in range(PAGES):
            began = time.perf_counter()
            page = client.get("/v1/videos", params={"limit": 20, **after}).raise_for_status().json()
            times.append(time.perf_counter() - began)
            after = {"after": page["last_id"]} if page["has_more"] else {}
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pollers", type=int, default=1000)
    parser.add_argument("--submitters", type=int, default=50)
    parser.add_argument("--pause", type=float, default=30, help="seconds between two jobs of a submitter")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--queue", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.seconds > NOT_DUE_S - 100:
        parser.error(f"--seconds may be up to {NOT_DUE_S - 100:g}: later the jobs of the filled queue are painted too")
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = in_folder(Path(folder))
        settings = dataclasses.replace(
            settings, port=port, aliases={"sora-2": "stub"}, max_queued=10**6, supervised=True
        )
        key, names = fill(settings, wanted.queue)
        variables = {**environment(settings), "OZORA_HOME": str(Path(folder) / "home")}
        commands = [["tests.server.stub_web"], *[["tests.server.stub_worker", "0"]] * wanted.workers]
        crew = [start(command, variables) for command in commands]
        try:
            wait_for(f"http://127.0.0.1:{port}")
            page_s, tally = list_pages(f"http://127.0.0.1:{port}", key), Tally()
            before, own = processor_s(crew[0].pid), time.process_time()
            asyncio.run(load(port, key, names[: wanted.pollers], wanted, tally))
            busy = [(processor_s(crew[0].pid) - before) / wanted.seconds, (time.process_time() - own) / wanted.seconds]
        finally:
            stop(crew)
        return report(tally, starts(settings), page_s, busy, wanted)


def report(tally: Tally, begun: list[float], page_s: float, busy: list[float], wanted: argparse.Namespace) -> int:
    """Print what was seen; 1 when a goal is missed."""
    waits = sorted(tally.waits_s)
    p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
    row = {
        "pollers": wanted.pollers,
        "submitters": wanted.submitters,
        "GET": len(waits),
        "GET p50 ms": round(p50, 1),
        "GET p99 ms": round(p99, 1),
        "longest ms": round(waits[-1] * 1000, 1),
        "5xx": sum(number for status, number in tally.statuses.items() if status >= 500) + tally.broken,
        "started": len(begun),
        "start p50 ms": round(statistics.median(begun) * 1000) if begun else float("inf"),
        "page ms": round(page_s * 1000, 1),
    }
    print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
    print(f"| {' | '.join(str(value) for value in row.values())} |")
    print(f"the web process took {busy[0]:.0%} of a core, these clients {busy[1]:.0%}; answers: {tally.statuses}")
    missed = [name for name, most in GOALS.items() if float(row[name]) > most]
    print(f"missed: {', '.join(missed)}" if missed else "every goal is reached")
    return int(bool(missed))


def start(command: list[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of the server, which ends with this one."""
    line = [sys.executable, "-m", *command]
    return subprocess.Popen(line, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)


def stop(crew: list[subprocess.Popen[bytes]]) -> None:
    for process in crew:
        process.terminate()
    for process in crew:
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used; Linux only, else 0."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
