"""One part after the other is taken away while a video is painted and another waits, and is given back.

The rows of ``OUTAGES`` are the table in docs/api.md: what a client sees meanwhile, and that nothing is lost. Whatever
can be broken for real is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from ozora.errors import OutOfMemoryError
from ozora.plan import Plan
from ozora.server import jobs
from ozora.server import memory as memory_module
from ozora.server import store as store_module
from ozora.server.database import Database
from ozora.server.health import health_of
from ozora.server.jobs import COMPLETED
from ozora.server.keys import LOCAL
from ozora.server.painting import Studio
from ozora.server.routes import service as service_module
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.worker import work
from ozora.trust.held import list_held
from ozora.trust.ledger import Ledger
from tests.server import postgres
from tests.server.live import client_of
from tests.server.samples import draft, plan
from tests.server.stub import HUNGER_BYTES, StubBackend
from tests.server.test_painting import expected
from tests.server.test_worker import start_worker, wait_for
from tests.trust.time_authority import stamping

WAIT_S = 90.0  # more than any wait should be
WISH = {"prompt": "a red ball", "seconds": "1", "size": "48x32"}
ROOT = Path(__file__).parents[2]
HEAD = "| what is broken | a new request | a look | `/readyz` | a queued video | a video that is painted | lost |"
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What can be broken. ``clock`` is how many seconds the clock of an SQLite database is ahead."""

    home: Path
    data: Path
    database: Path
    stub: StubBackend
    patch: pytest.MonkeyPatch
    clock: list[float]


Break = Callable[[Place], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Outage:
    """A row: what is broken and how, what is answered meanwhile, and what the two videos do until it is mended.

    ``painted`` is what a video does whose last step is painted when it happens: "waits" goes back into the queue and
    goes on from that step, "goes on" ends as if nothing were. ``error`` comes to the painter at that moment.
    """

    name: str
    breaking: Break
    _: dataclasses.KW_ONLY
    post: int
    ready: int
    queued: str
    painted: str
    get: int = 200
    error: Exception | None = None

    def row(self) -> str:
        told = {200: "200", 503: "503, `retry-after`"}
        cells = [self.name, told[self.post], told[self.get], told[self.ready], self.queued, self.painted, "nothing"]
        return f"| {' | '.join(cells)} |"


@contextlib.contextmanager
def comma_too_many(place: Place) -> Iterator[None]:
    settings = place.home / "trust.json"
    settings.write_text('{"prompt": "hash",}')
    yield
    settings.unlink()


@contextlib.contextmanager
def home_away(place: Place) -> Iterator[None]:
    away = place.home.with_name("home-away")
    place.home.rename(away)
    place.home.write_text("a file in its place")
    yield
    place.home.unlink()
    away.rename(place.home)


@contextlib.contextmanager
def store_away(place: Place) -> Iterator[None]:
    away = place.data.with_name("files-away")
    place.data.rename(away)
    place.data.write_text("a file in its place")
    yield
    place.data.unlink()
    away.rename(place.data)


@contextlib.contextmanager
def database_locked(place: Place) -> Iterator[None]:
    """By another process, as a backup that does not end."""
    command = [sys.executable, "-c", HOLDER, str(place.database)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    yield
    holder.communicate()


@contextlib.contextmanager
def time_authority(place: Place, answer: str) -> Iterator[None]:
    """A time stamp service that fails ("refuse") or does not answer at all ("hang")."""
    settings = place.home / "trust.json"
    with stamping(place.home.with_name("authority")) as authority:
        authority.answer = answer
        settings.write_text(json.dumps({"time_authority": authority.address}))
        yield
        settings.unlink()


@contextlib.contextmanager
def disk_full(place: Place) -> Iterator[None]:
    """More is to be left free than there is; a write that fails is another row."""
    with place.patch.context() as patch:
        patch.setattr(store_module, "SPARE_BYTES", 1 << 60)
        yield


@contextlib.contextmanager
def memory_full(place: Place) -> Iterator[None]:
    with place.patch.context() as patch:
        patch.setattr(memory_module, "FLOOR_BYTES", 1 << 60)
        yield


def nothing_else(place: Place) -> AbstractContextManager[None]:
    """Nothing but the error of the row."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def clock_jumps(place: Place, by_s: float) -> Iterator[None]:
    place.clock[0] = by_s
    yield
    place.clock[0] = 0.0


SHORT = RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")
WAITS, GOES_ON, WITH_IT = "waits", "goes on", "ends when it is back"
OUTAGES = (
    Outage("`trust.json` has a comma too many", comma_too_many, post=503, ready=503, queued=WAITS, painted=WAITS),
    Outage("the home folder is away", home_away, post=503, ready=503, queued=WAITS, painted=WAITS),
    Outage(
        "the time stamp service fails",
        partial(time_authority, answer="refuse"),
        post=503,
        ready=503,
        queued=WAITS,
        painted=WAITS,
    ),
    Outage("the file store is away", store_away, post=503, ready=503, queued=WAITS, painted=WAITS),
    Outage("the disk is nearly full", disk_full, post=503, ready=503, queued=WAITS, painted=GOES_ON),
    Outage("the database is locked", database_locked, post=503, ready=503, queued=WAITS, painted=WITH_IT),
    Outage("hardly any memory is free", memory_full, post=503, ready=503, queued=WAITS, painted=GOES_ON),
    Outage(
        "one video needs too much memory", nothing_else, post=200, ready=200, queued=GOES_ON, painted=WAITS, error=SHORT
    ),
    Outage(
        "the clock jumps back an hour",
        partial(clock_jumps, by_s=-3600.0),
        post=200,
        ready=200,
        queued=GOES_ON,
        painted=GOES_ON,
    ),
    Outage(
        "the clock jumps on an hour",
        partial(clock_jumps, by_s=3600.0),
        post=200,
        ready=200,
        queued=GOES_ON,
        painted=GOES_ON,
    ),
)
AWAY = Outage("the database is away", nothing_else, post=503, get=503, ready=503, queued=WAITS, painted=WITH_IT)
SILENCE = Outage(
    "the time stamp service hangs",
    partial(time_authority, answer="hang"),
    post=503,
    ready=503,
    queued=WAITS,
    painted=WAITS,
)


class Play:
    """One server, one worker and two videos; the outage comes when the last step of the first is painted."""

    def __init__(self, client: httpx.Client, place: Place, outage: Outage) -> None:
        self.client, self.outage = client, outage
        self._stack, self._struck = ExitStack(), threading.Event()
        self._place = place
        place.stub.at_end = self._strike
        self.painted, self.queued = self.make(1), self.make(2)

    def _strike(self) -> None:
        if not self._struck.is_set():
            self._stack.enter_context(self.outage.breaking(self._place))
            self._struck.set()
            if self.outage.error is not None:
                raise self.outage.error

    def make(self, seed: int) -> str:
        """A new video; as clients do, it is asked for again when the answer is 503."""
        until = time.monotonic() + WAIT_S
        while True:
            answer = self.client.post("/v1/videos", json={**WISH, "seed": seed})
            if answer.status_code != 503 or time.monotonic() > until:
                assert answer.status_code == 200, answer.text
                return str(answer.json()["id"])
            time.sleep(0.1)

    def wait(self, identity: str, status: str, waits: bool = False) -> dict[str, Any]:
        """The video when it has come so far."""
        until = time.monotonic() + WAIT_S
        video: dict[str, Any] = {}
        while time.monotonic() < until:
            video = self.client.get(f"/v1/videos/{identity}").json()
            if video["status"] == status and (video["waits_for"] is not None or not waits):
                return video
            time.sleep(0.02)
        raise AssertionError(f"{video} after {WAIT_S} s, and not {status}")

    def see_outage(self) -> list[str]:
        """Check what is answered while it lasts; returns the videos that were asked for meanwhile."""
        assert self._struck.wait(30)
        if self.outage.painted == WAITS:
            assert "/" not in self.wait(self.painted, "queued", waits=True)["waits_for"]
        if self.outage.painted == GOES_ON:
            self.wait(self.painted, "completed")
        if self.outage.queued == GOES_ON:
            self.wait(self.queued, "completed")
        ready = self.client.get("/readyz")
        made = self.client.post("/v1/videos", json={**WISH, "seed": 3})
        look = self.client.get(f"/v1/videos/{self.queued}")
        assert (ready.status_code, made.status_code, look.status_code) == (
            self.outage.ready,
            self.outage.post,
            self.outage.get,
        )
        if self.outage.queued == WAITS and look.status_code == 200:
            assert look.json()["status"] == "queued"
        for answer in (ready, made, look):
            assert (answer.status_code == 503) == ("retry-after" in answer.headers)
            assert str(self._place.home.parent) not in answer.text
        return [made.json()["id"]] if made.status_code == 200 else []

    def mend(self) -> None:
        self._stack.close()


@pytest.fixture
def place(settings: Settings, tmp_path: Path, stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("OZORA_HOME", str(home))
    monkeypatch.setattr(service_module, "READY_S", 0.0)
    clock = [0.0]

    def prepare(connection: Any, record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("julianday", 1, lambda _: 2440587.5 + (time.time() + clock[0]) / 86400)

    event.listen(Engine, "connect", prepare)
    yield Place(
        home=home,
        data=Path(settings.data),
        database=Path(settings.database.removeprefix("sqlite:///")),
        stub=stub,
        patch=monkeypatch,
        clock=clock,
    )
    event.remove(Engine, "connect", prepare)


@contextlib.contextmanager
def working(settings: Settings) -> Iterator[Database]:
    """A worker for the length of the block, and the database for who looks."""
    database, store = Database(settings.database), Store(settings.data)
    studio = Studio(
        worker="w1",
        settings=settings,
        database=database,
        store=store,
        health=health_of(database, store, fresh_s=0.0),
        draining=threading.Event(),
    )
    thread = threading.Thread(target=work, args=(studio, (0.05,)))
    thread.start()
    try:
        yield database
    finally:
        studio.draining.set()
        thread.join()
        database.close()


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.name)
def test_nothing_is_lost(outage: Outage, settings: Settings, database: Database, place: Place) -> None:
    hasty = dataclasses.replace(settings, lease_s=1.0, database=f"{settings.database}?timeout=0.2")
    play_through(outage, hasty, place)


@pytest.mark.long
def test_nothing_is_lost_by_a_service_that_hangs(settings: Settings, database: Database, place: Place) -> None:
    """It takes half a minute until a signature that waits for its time stamp is given up."""
    play_through(SILENCE, settings, place)


@pytest.mark.slow
def test_a_worker_without_enough_memory_leaves_the_video_to_one_that_has(
    settings: Settings, database: Database, place: Place
) -> None:
    """A real limit (RLIMIT_AS): a video that does not fit into it waits, and comes out the same elsewhere."""
    with database.writing() as connection:
        job = jobs.add(connection, draft("a hungry ball"), time.time())
    small = start_worker(settings, 0.0, HUNGER_BYTES)
    try:
        until = time.monotonic() + WAIT_S
        seen = job
        while seen.waits_for is None and time.monotonic() < until:
            time.sleep(0.05)
            with database.reading() as connection:
                seen = jobs.get(connection, job.id, LOCAL)
    finally:
        small.terminate()
        assert small.wait(20) == 0
    assert (seen.waits_for, seen.failures) == (OutOfMemoryError.public, 0)
    large = start_worker(settings, 0.0)
    try:
        done = wait_for(database, job, status=COMPLETED)
    finally:
        large.terminate()
        large.wait(20)
    assert done.pixels_sha256 == expected(plan("a hungry ball"))


@pytest.mark.long
def test_nothing_is_lost_by_a_postgresql_that_falls(
    settings: Settings, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not postgres.is_installed():
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("pg")
    outage = dataclasses.replace(AWAY, breaking=lambda place: postgres.stopped(folder))
    with postgres.running(folder) as url:
        play_through(outage, dataclasses.replace(settings, database=f"{url}?connect_timeout=2", lease_s=1.0), place)


def play_through(outage: Outage, settings: Settings, place: Place) -> None:
    """The outage, its end, and that both videos and those that were asked for later come out as they should."""
    with client_of(settings) as client:
        play = Play(client, place, outage)
        with working(settings) as watched:
            try:
                later = play.see_outage()
            finally:
                play.mend()
            videos = [play.painted, play.queued, *later, play.make(4)]
            for identity in videos:
                play.wait(identity, "completed")
            with watched.reading() as connection:
                found = jobs.find(connection, videos)
    for job in found.values():
        assert job.failures == 0
        assert job.pixels_sha256 == expected(Plan.from_dict(job.plan))
    with Ledger(place.home) as ledger:
        assert ledger.count() == len(videos)
    assert list_held(place.home) == {}


def test_the_documentation_has_this_table() -> None:
    rows = [HEAD, "|---|---|---|---|---|---|---|", *(outage.row() for outage in (*OUTAGES, AWAY, SILENCE))]
    assert "\n".join(rows) in (ROOT / "docs" / "api.md").read_text()
