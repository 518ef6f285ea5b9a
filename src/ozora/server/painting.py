"""One claimed job becomes files: load what was saved, paint step by step, save each step, and end the job.

After each step the sampler's state goes to the store before the database hears of it, so that whoever takes the job
over finds at least what the database promises. Files go to a folder of the attempt; the job ends in one transaction
that names the folder, and only if it still belongs to this attempt. What was published and then not delivered is taken
out of the ledger again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ozora import pipeline
from ozora.errors import OutOfMemoryError, OzoraError, PaintingError, SnapshotError, StoreError, TrustError, UserError
from ozora.pipeline import Progress
from ozora.plan import Plan, Record
from ozora.server import characters, preflight, queue
from ozora.server.assets import VARIANTS, write_assets
from ozora.server.blame import blame, recognize
from ozora.server.clock import read_clock
from ozora.server.database import Database
from ozora.server.health import Health
from ozora.server.inputs import bring
from ozora.server.jobs import CANCELLED, COMPLETED, Job
from ozora.server.keys import terms_of
from ozora.server.leavings import clear_leavings
from ozora.server.logs import LOGGER
from ozora.server.problems import problem_of, public_words
from ozora.server.process import Watchdog
from ozora.server.queue import Hold
from ozora.server.scratch import scratch
from ozora.server.settings import Settings
from ozora.server.snapshots import find_snapshot, save_snapshot, snapshot_path
from ozora.server.store import Store
from ozora.trust.publish import withdraw
from ozora.trust.settings import find_home

T = TypeVar("T")
INSIST_S = 10.0  # so long the end of a job is told to a database that is away, when the worker is to stop
STUCK = 75  # the exit code of a process whose painter takes no step any more
SHARES = {"load": (0, 2), "paint": (2, 92), "decode": (92, 96)}  # of the progress, in percent, by stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Where a worker works: who it is, and the places it reads and writes.

    ``leave`` ends the process at once, with an exit code: a painter that hangs cannot be ended in any other way.
    ``watchdog`` does so when even the heartbeat hangs; there is none where the process is not the worker's own.
    """

    worker: str
    settings: Settings
    database: Database
    store: Store
    health: Health
    draining: threading.Event
    leave: Callable[[int], object] = os._exit
    watchdog: Watchdog | None = None


class _Stop(Exception):
    """The job is not to be painted any further here. ``reason`` is "lost" or "released"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Heartbeat:
    """Keeps a job while a step takes long; a thread of its own. Ends the process when a step takes far too long.

    ``step`` is the last one that was saved.
    """

    def __init__(self, studio: Studio, job: Job) -> None:
        self.hold: Hold = "held"
        self.step = job.step
        self._studio, self._job = studio, job
        self._stepped_at = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._feed()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        if self._studio.watchdog is not None:
            self._studio.watchdog.rest()

    def _feed(self) -> None:
        if self._studio.watchdog is not None:
            self._studio.watchdog.feed(self._studio.settings.patience * self._studio.settings.lease_s)

    def touch(self) -> None:
        """A step was taken, or could not be told of: the time for the next one begins."""
        self._stepped_at = time.monotonic()

    def check(self) -> None:
        """Stop painting when the job is lost."""
        if self.hold == "lost":
            raise _Stop("lost")

    def _beat(self) -> None:
        settings, log = self._studio.settings, {"job": self._job.id, "attempt": self._job.attempt}
        while not self._done.wait(settings.lease_s / 3):
            self._feed()
            try:
                with self._studio.database.writing() as connection:
                    self.hold = queue.keep(
                        connection,
                        self._job,
                        now=read_clock(connection),
                        idle_s=time.monotonic() - self._stepped_at,
                        lease_s=settings.lease_s,
                        patience=settings.patience,
                    )
            except StoreError as error:
                LOGGER.warning("heartbeat failed: %s", error, extra=log)
                self.touch()
                continue
            if self.hold == "stuck" and not self._done.is_set():
                LOGGER.error("painting stands still; this process ends, and another takes the job", extra=log)
                faulthandler.dump_traceback()
                self._studio.leave(STUCK)
                return


def paint(studio: Studio, job: Job) -> str:
    """Paint a job to its end; returns what became of it: completed, failed, retried, waits, or why it stopped."""
    with _Heartbeat(studio, job) as heartbeat:
        try:
            return _publish(studio, job, heartbeat)
        except _Stop as stop:
            return _stopped(studio, job, stop.reason)
        except Exception as error:  # anything may go wrong with a plan, and the worker goes on
            return _failed(studio, job, recognize(error))


def percent(event: Progress) -> int:
    """The progress of a whole job, 0 to 99, after a step of one of its stages."""
    start, end = SHARES.get(event.stage, (96, 99))
    return start + round((end - start) * event.done / max(1, event.total))


def _publish(studio: Studio, job: Job, heartbeat: _Heartbeat) -> str:
    """Paint, and deliver what came of it."""
    began = time.monotonic()
    with scratch() as folder:
        video = folder / VARIANTS["video"][0]
        record = _make(studio, job, heartbeat, video)
        with _withdrawing(studio, job, video):
            _tell(studio, job, heartbeat, progress=97)
            write_assets(video)
            _tell(studio, job, heartbeat, progress=98)
            return _deliver(studio, job, video.parent, record, began)


def _make(studio: Studio, job: Job, heartbeat: _Heartbeat, video: Path) -> Record:
    """Paint into a published file, from the saved step if there is one."""
    plan = bring(studio.store, Plan.from_dict(job.plan))
    terms = dataclasses.replace(terms_of(job.key_id), holds=False)  # what lacks its time stamp waits in the queue
    saved = find_snapshot(studio.store, job.id)
    _check_cast(studio, job)
    try:
        events = pipeline.make(plan, video, takes=job.variants, resume=saved, terms=terms)
        return _follow(studio, job, heartbeat, events)
    except SnapshotError as error:
        LOGGER.warning("the snapshot is of no use, starting anew: %s", error, extra={"job": job.id})
    studio.store.remove(snapshot_path(job.id))
    return _follow(studio, job, heartbeat, pipeline.make(plan, video, takes=job.variants, terms=terms))


def _follow(studio: Studio, job: Job, heartbeat: _Heartbeat, events: Generator[Progress | Record]) -> Record:
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Record):
                return event
            if event.save is not None:
                heartbeat.check()  # whoever has the job now saves steps too
                save_snapshot(studio.store, job.id, event.save())
                heartbeat.step = event.done
            _tell(studio, job, heartbeat, progress=percent(event), saved=event.save is not None)
            if studio.draining.is_set() and event.stage != "decode":
                raise _Stop("released")
            if event.stage == "decode":
                _check_cast(studio, job)  # a consent may have ended meanwhile
    raise AssertionError("painting ends with its record")


def _tell(studio: Studio, job: Job, heartbeat: _Heartbeat, *, progress: int, saved: bool = False) -> None:
    """Tell the database of a step, and stop when the job is lost; painting goes on when it is away for a while."""
    heartbeat.touch()
    try:
        with studio.database.writing() as connection:
            heartbeat.hold = queue.advance(
                connection,
                job,
                step=heartbeat.step,
                progress=progress,
                forward=saved,
                now=read_clock(connection),
                lease_s=studio.settings.lease_s,
            )
    except StoreError as error:
        LOGGER.warning("progress was not told: %s", error, extra={"job": job.id})
    heartbeat.check()


def _deliver(studio: Studio, job: Job, made: Path, record: Record, began: float) -> str:
    """Put all files of the folder ``made`` into the store and end the job. They are on the disk before the row names
    them, with the seal of each."""
    folder = f"videos/{job.id}/{job.attempt}"
    seals = {path.name: studio.store.put(path, f"{folder}/{path.name}") for path in sorted(made.iterdir())}
    ended = _insist(
        studio,
        lambda connection: queue.complete(
            connection,
            job,
            folder=folder,
            content={name: seal.to_dict() for name, seal in seals.items()},
            plan={**job.plan, "seed": record.plan.seed},
            pixels_sha256=record.pixels_sha256,
            notes=list(dict.fromkeys((*job.notes, *record.notes))),
            took_s=time.monotonic() - began,
            memory_bytes=_peak_bytes(),
            disk_bytes=sum(seal.size_bytes or 0 for seal in seals.values()),
            now=read_clock(connection),
            keep_s=studio.settings.keep_s,
        ),
    )
    if not ended:
        clear_leavings(studio.database, studio.store, job)
        return "lost"
    for path in (snapshot_path(job.id), *(f"videos/{job.id}/{number}" for number in range(1, job.attempt))):
        studio.store.remove(path)
    return "completed"


def _check_cast(studio: Studio, job: Job) -> None:
    if job.characters:
        with studio.database.reading() as connection:
            cast = [characters.get(connection, identity, job.key_id) for identity in job.characters]
        characters.check_likeness(cast, find_home())


@contextlib.contextmanager
def _withdrawing(studio: Studio, job: Job, video: Path) -> Iterator[None]:
    """Take ``video`` out of the ledger unless the block delivers it; it stays when the database does not say."""
    try:
        yield
    finally:
        try:
            present = _insist(studio, lambda connection: queue.look(connection, job.id))
            delivered = present is not None and present.status == COMPLETED and present.attempt == job.attempt
            if not delivered and video.is_file():
                withdraw(video)
        except (StoreError, TrustError) as error:
            LOGGER.warning("the ledger may name a file that nobody has: %s", error, extra={"job": job.id})


def _look(studio: Studio, job: Job) -> Job | None:
    """The job as it is now, though it was deleted."""
    with studio.database.reading() as connection:
        return queue.look(connection, job.id)


def _stopped(studio: Studio, job: Job, reason: str) -> str:
    if reason == "released":
        _insist(studio, lambda c: queue.release(c, job, read_clock(c)))
        return reason
    clear_leavings(studio.database, studio.store, job)
    present = _look(studio, job)
    return CANCELLED if present is not None and present.error_code == CANCELLED else reason


def _failed(studio: Studio, job: Job, error: Exception) -> str:
    """End the job, count a failure, or let it wait: by whose fault it was."""
    log = {"job": job.id, "attempt": job.attempt, "worker": studio.worker}
    if isinstance(error, UserError | PaintingError) and blame(error, is_ill=False) == "plan":
        LOGGER.info("job refused: %s", error, extra=log)
        code, message = problem_of(error).code, public_words(error)
        _insist(studio, lambda c: queue.fail(c, job, code=code, message=message, now=read_clock(c)))
        return "failed"
    illnesses = studio.health.look(max_age_s=0)
    fault = blame(error, is_ill=bool(illnesses))
    LOGGER.warning("attempt failed: %s", fault, exc_info=error, extra=log)
    if fault == "plan":
        limit, name = studio.settings.max_failures, type(error).__name__
        _insist(studio, lambda c: queue.retry(c, job, message=name, now=read_clock(c), max_failures=limit))
        return "retried"
    waits_for = public_words(error) if isinstance(error, OzoraError) else illnesses[0].kind.public
    room = preflight.usable_memory(studio.settings.memory_bytes, studio.settings.workers)
    short = isinstance(error, OutOfMemoryError)
    needed = preflight.after_shortage(job.predicted_memory_bytes, room) if short else None
    detail = f"{type(error).__name__}: {error}"
    _insist(
        studio,
        lambda c: queue.postpone(
            c,
            job,
            waits_for=waits_for,
            detail=detail,
            now=read_clock(c),
            at_once=bool(illnesses),
            memory_bytes=needed,
        ),
    )
    return "waits"


def _insist(studio: Studio, change: Callable[..., T]) -> T:
    """Make a change, again and again while the database is away: a job that is painted is not given up for that."""
    until: float | None = None
    while True:
        try:
            with studio.database.writing() as connection:
                return change(connection)
        except StoreError:
            if studio.draining.is_set():
                until = until or time.monotonic() + INSIST_S
            if until is not None and time.monotonic() > until:
                raise
            time.sleep(0.5)


def _peak_bytes() -> int:
    """The most memory that this process has had; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
