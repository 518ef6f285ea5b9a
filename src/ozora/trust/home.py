"""The home folder of an installation: private to its user, whatever the umask says.

Keys, prompts that wait for review and the record of all that was published are in it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from ozora.errors import TrustError
from ozora.media.output_file import sync_folder

BUSY_S = 10.0
_PROBE_BYTES = 65536  # what one publication writes here is less


def open_home(home: Path) -> Path:
    """Make the folder if it is missing, and let nobody else into it. ``TrustError`` when that cannot be done."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if home.stat().st_mode & 0o077 and home.stat().st_uid == os.getuid():
            home.chmod(0o700)
    except OSError as error:
        raise TrustError(f"{home} cannot be used ({error.strerror}): set OZORA_HOME to a folder of your own") from error
    return home


def make_private(path: Path) -> Path:
    """Make an empty file that only its owner can read, or take the rights of others to one that is there."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return path


def write_whole(path: Path, text: str) -> None:
    """Replace a small file so that a loss of power leaves the old or the new one, never a part."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with make_private(draft).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def prove_room(home: Path) -> None:
    """Write a small file and remove it: a full or read-only disk is found before anything is painted."""
    probe = home / f".probe-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    except OSError as error:
        raise TrustError(f"nothing can be written to {home} ({error.strerror}): make room there") from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


class HomeDatabase:
    """An SQLite database in the home folder (WAL, so that many read while one writes); a context that closes it.

    ``TrustError`` when it cannot be read or written.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        with self.guarded():
            make_private(open_home(path.parent) / path.name)  # -wal and -shm take the rights of the database
            self.connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.executescript(schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def prove_writable(self) -> None:
        """Take the lock that a change needs and give it back."""
        with self.guarded():
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn a failure of the database or disk in the block into a ``TrustError``."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise TrustError(f"{self.path} cannot be used ({error}): make room, or restore it") from error
