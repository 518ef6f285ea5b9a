"""The job of a worker that was killed from outside: given back by whoever started the worker, and not counted.

The kernel kills when memory runs out (signal 9), an operator may do so too. Neither is the fault of the plan, and the
job need not wait until its lease lapses.
"""

from __future__ import annotations

from pathlib import Path

from ozora.errors import OutOfMemoryError, StoreError
from ozora.server import preflight, queue
from ozora.server.clock import read_clock
from ozora.server.database import Database
from ozora.server.logs import LOGGER
from ozora.server.settings import Settings

KILLED = "the server's worker was stopped while it painted; the next one goes on"
ROOT = Path("/")


def report_loss(settings: Settings, mark: str, *, by_memory: bool) -> None:
    """Put the jobs of a dead process back into the queue. When the database is away their leases lapse instead."""
    database = Database(settings.database)
    room = preflight.usable_memory(settings.memory_bytes, settings.workers)
    try:
        with database.writing() as connection:
            now = read_clock(connection)
            for job in queue.lost_with(connection, mark):
                needed = preflight.after_shortage(job.predicted_memory_bytes, room) if by_memory else None
                words = OutOfMemoryError.public if by_memory else KILLED
                detail = "killed by the kernel: out of memory" if by_memory else "killed"
                queue.postpone(connection, job, waits_for=words, detail=detail, now=now, memory_bytes=needed)
    except StoreError as error:
        LOGGER.warning("the jobs of a lost worker wait for their leases to lapse: %s", error)
    finally:
        database.close()


def count_memory_kills(root: Path = ROOT) -> int:
    """How many processes the kernel has killed for want of memory; 0 where it does not say."""
    try:
        lines = (root / "proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
