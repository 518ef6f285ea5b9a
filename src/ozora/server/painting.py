"""One claimed job becomes files: load what was saved, paint step by step, save each step, and end the job.

After each step the sampler's state goes to the store before the database hears of it, so that whoever takes the job
over finds at least what the database promises. Files go to a folder of the attempt; the job ends in one transaction
that names the folder, and only if it still belongs to this attempt.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ozora import pipeline
from ozora.errors import OutputError, OzoraError, SnapshotError, StoreError, UserError
from ozora.pipeline import Progress
from ozora.plan import Plan, Record
from ozora.server import characters, queue
from ozora.server.assets import VARIANTS, write_assets
from ozora.server.database import Database
from ozora.server.inputs import bring
from ozora.server.jobs import CANCELLED, Job
from ozora.server.keys import terms_of
from ozora.server.logs import LOGGER
from ozora.server.problems import problem_of, public_words
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.trust.settings import find_home

T = TypeVar("T")
INSIST_S = 120.0  # so long the end of a job is told to a database that is away
SHARES = {"load": (0, 2), "paint": (2, 92), "decode": (92, 96)}  # of the progress, in percent, by stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Where a worker works: who it is, and the places it reads and writes."""

    worker: str
    settings: Settings
    database: Database
    store: Store
    draining: threading.Event


class _Stop(Exception):
    """The job is not to be painted any further here. ``reason`` is "lost", "cancelled" or "released"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Heartbeat:
    """Keeps a job while a step takes long; a thread of its own."""

    def __init__(self, studio: Studio, job: Job) -> None:
        self.state: bool | None = True
        self._studio, self._job = studio, job
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        lease_s = self._studio.settings.lease_s
        while not self._done.wait(lease_s / 3):
            try:
                with self._studio.database.writing() as connection:
                    self.state = queue.keep(connection, self._job, now=time.time(), lease_s=lease_s)
            except StoreError as error:
                LOGGER.warning("heartbeat failed: %s", error, extra={"job": self._job.id})


def paint(studio: Studio, job: Job) -> str:
    """Paint a job to its end; returns what became of it: "completed", "failed", "retried" or why it stopped."""
    log = {"job": job.id, "attempt": job.attempt, "worker": studio.worker}
    began = time.monotonic()
    try:
        with _Heartbeat(studio, job) as heartbeat, tempfile.TemporaryDirectory(prefix="ozora-") as folder:
            video = Path(folder) / VARIANTS["video"][0]
            record = _make(studio, job, heartbeat, video)
            write_assets(video)
            return _deliver(studio, job, video.parent, record, began)
    except _Stop as stop:
        return _stopped(studio, job, stop.reason)
    except UserError as error:
        if isinstance(error, OutputError):  # our disk, not the user's
            return _try_again(studio, job, public_words(error))
        LOGGER.info("job refused: %s", error, extra=log)
        code, message = problem_of(error).code, public_words(error)
        _insist(studio, lambda c: queue.fail(c, job, code=code, message=message, now=time.time()))
        return "failed"
    except (OzoraError, OSError, MemoryError, RuntimeError, ValueError, ArithmeticError, LookupError) as error:
        LOGGER.warning("attempt failed", exc_info=True, extra=log)
        return _try_again(studio, job, public_words(error) if isinstance(error, OzoraError) else type(error).__name__)


def percent(event: Progress) -> int:
    """The progress of a whole job, 0 to 99, after a step of one of its stages."""
    start, end = SHARES.get(event.stage, (96, 99))
    return start + round((end - start) * event.done / max(1, event.total))


def snapshot_path(job_id: str) -> str:
    return f"videos/{job_id}/snapshot"


def _make(studio: Studio, job: Job, heartbeat: _Heartbeat, video: Path) -> Record:
    """Paint into a published file, from the saved step if there is one."""
    plan, terms = bring(studio.store, Plan.from_dict(job.plan)), terms_of(job.key_id)
    saved = studio.store.find(snapshot_path(job.id))
    _check_cast(studio, job)
    try:
        return _follow(studio, job, heartbeat, pipeline.make(plan, video, resume=saved, terms=terms))
    except SnapshotError as error:
        LOGGER.warning("the snapshot is of no use, starting anew: %s", error, extra={"job": job.id})
    studio.store.remove(snapshot_path(job.id))
    return _follow(studio, job, heartbeat, pipeline.make(plan, video, terms=terms))


def _follow(studio: Studio, job: Job, heartbeat: _Heartbeat, events: Generator[Progress | Record]) -> Record:
    step = job.step
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Record):
                return event
            saved = event.save is not None
            if event.save is not None:
                studio.store.write(snapshot_path(job.id), event.save())
                step = event.done
            _tell(studio, job, heartbeat, step=step, progress=percent(event), saved=saved)
            if heartbeat.state is None:
                raise _Stop("lost")
            if not heartbeat.state:
                raise _Stop("cancelled")
            if studio.draining.is_set() and event.stage != "decode":
                raise _Stop("released")
            if event.stage == "decode":
                _check_cast(studio, job)  # a consent may have ended meanwhile
    raise AssertionError("painting ends with its record")


def _tell(studio: Studio, job: Job, heartbeat: _Heartbeat, *, step: int, progress: int, saved: bool) -> None:
    """Tell the database of a step; painting goes on when it is away for a while."""
    lease_s, now = studio.settings.lease_s, time.time()
    try:
        with studio.database.writing() as connection:
            heartbeat.state = queue.advance(
                connection, job, step=step, progress=progress, forward=saved, now=now, lease_s=lease_s
            )
    except StoreError as error:
        LOGGER.warning("progress was not told: %s", error, extra={"job": job.id})


def _deliver(studio: Studio, job: Job, made: Path, record: Record, began: float) -> str:
    """Put all files of the folder ``made`` into the store and end the job."""
    folder = f"videos/{job.id}/{job.attempt}"
    size = sum(studio.store.put(path, f"{folder}/{path.name}") for path in sorted(made.iterdir()))
    ended = _insist(
        studio,
        lambda connection: queue.complete(
            connection,
            job,
            folder=folder,
            pixels_sha256=record.pixels_sha256,
            took_s=time.monotonic() - began,
            memory_bytes=_peak_bytes(),
            disk_bytes=size,
            now=time.time(),
            keep_s=studio.settings.keep_s,
        ),
    )
    if not ended:
        studio.store.remove(folder)
        return "lost"
    for path in (snapshot_path(job.id), *(f"videos/{job.id}/{number}" for number in range(1, job.attempt))):
        studio.store.remove(path)
    return "completed"


def _check_cast(studio: Studio, job: Job) -> None:
    if job.characters:
        with studio.database.reading() as connection:
            cast = [characters.get(connection, identity, job.key_id) for identity in job.characters]
        characters.check_likeness(cast, find_home())


def _stopped(studio: Studio, job: Job, reason: str) -> str:
    if reason == "cancelled":
        message = "the job was cancelled"
        _insist(studio, lambda c: queue.fail(c, job, code=CANCELLED, message=message, now=time.time()))
    elif reason == "released":
        _insist(studio, lambda c: queue.release(c, job, time.time()))
    return reason


def _try_again(studio: Studio, job: Job, reason: str) -> str:
    limit = studio.settings.max_failures
    _insist(studio, lambda c: queue.retry(c, job, message=reason, now=time.time(), max_failures=limit))
    return "retried"


def _insist(studio: Studio, change: Callable[..., T]) -> T:
    """Make a change, again and again while the database is away."""
    until = time.monotonic() + INSIST_S
    while True:
        try:
            with studio.database.writing() as connection:
                return change(connection)
        except StoreError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _peak_bytes() -> int:
    """The most memory that this process has had; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
