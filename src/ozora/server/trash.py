"""The trash of the store: what is deleted is moved to ``trash/NUMBER/`` first, under the path that it had.

Moving it back by hand restores it: ``mv trash/NUMBER/videos/video_... videos/``. A number holds what one process
deleted in one hour. It begins with the date, for people only; when it goes for good is decided by ``Watch``.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, update

from ozora.errors import UserError
from ozora.server.jobs import COMPLETED
from ozora.server.store import Store
from ozora.server.tables import FILES, JOBS
from ozora.server.watch import Watch

FOLDER = "trash"
KEPT_S = 7 * 86400.0  # during which a server runs and sees it there
AT_ONCE = 50  # numbers that go for good each time, so that not all goes at once where there was a mistake
_OWN = secrets.token_hex(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in the trash. ``path`` is where it was in the store."""

    number: str
    path: str
    size_bytes: int

    @property
    def place(self) -> str:
        return f"{FOLDER}/{self.number}/{self.path}"


def discard(store: Store, path: str) -> None:
    """Move a file or folder of the store into the trash; nothing happens where there is none."""
    number = f"{time.strftime('%Y%m%d-%H', time.gmtime())}-{_OWN}"
    if store.find_files(f"{FOLDER}/{number}/{path}"):  # it was deleted, restored, and deleted again
        number = f"{number}-{secrets.token_hex(4)}"
    with contextlib.suppress(FileNotFoundError):
        store.move(path, f"{FOLDER}/{number}/{path}")


def list_trash(store: Store) -> list[Entry]:
    """Everything in the trash, the oldest first."""
    entries = []
    for number in store.names(FOLDER):
        for place in store.names(f"{FOLDER}/{number}"):
            for name in store.names(f"{FOLDER}/{number}/{place}"):
                path = f"{place}/{name}"
                size = sum(state.size_bytes for state in store.find_files(f"{FOLDER}/{number}/{path}"))
                entries.append(Entry(number=number, path=path, size_bytes=size))
    return entries


def find_entries(store: Store, name: str) -> list[Entry]:
    """The entries of a number, or of the id of a video or file; ``UserError`` when there are none."""
    found = [entry for entry in list_trash(store) if name in (entry.number, entry.path.rpartition("/")[2])]
    if not found:
        raise UserError(f"there is nothing named '{name[:60]}' in the trash; `ozora trash list` shows what there is")
    return found


def restore(connection: Connection, store: Store, entry: Entry, *, now: float, keep_s: float) -> None:
    """Move an entry back to its path; its video or file is seen again, for ``keep_s`` more seconds if it is a video.

    ``UserError`` when something else is at the path.
    """
    if store.find_files(entry.path):
        raise UserError(f"there is something at {entry.path} already; move that away first")
    store.move(entry.place, entry.path)
    name = entry.path.rpartition("/")[2]
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == name, JOBS.c.status == COMPLETED)
        .values(cleaned_at=None, deleted_at=None, expires_at=now + keep_s)
    )
    gone = FILES.c.deleted_at.is_not(None)
    connection.execute(update(FILES).where(FILES.c.id == name, gone).values(deleted_at=None, name=name))


def purge(store: Store, entry: Entry) -> None:
    """Delete an entry for good."""
    store.remove(entry.place)


def empty_trash(store: Store, watch: Watch) -> int:
    """Delete for good what has been in the trash for ``KEPT_S``; returns how many numbers, ``AT_ONCE`` at most."""
    watched = watch.look({number: "" for number in store.names(FOLDER)})
    due = sorted(number for number, watched_s in watched.items() if watched_s >= KEPT_S)[:AT_ONCE]
    for number in due:
        store.remove(f"{FOLDER}/{number}")
    return len(due)
