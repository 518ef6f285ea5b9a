"""Scratch: temporary folders of the server, which do not outlive the process that made them, however it ends.

A process that is killed cannot clean up. So each folder is locked for as long as its process lives (flock, which the
system gives back when a process ends), and the next worker that starts on the machine removes those that nobody locks.
A process id in the name would not do: it is given again, and containers that share a folder count them each for itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ozora.errors import StoreError

PREFIX = "ozora-scratch-"
_UNLOCKED = ".ozora-new-"  # a folder in the moment before it is locked: nobody looks at it


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of its own for the block, which only this user can read."""
    new = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
    folder = new.with_name(PREFIX + new.name.removeprefix(_UNLOCKED))
    handle = os.open(new, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        new.rename(folder)  # the lock is the folder's, whatever its name
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(new, ignore_errors=True)
        os.close(handle)


def clear_scratch() -> int:
    """Remove the folders of this user whose process has ended; returns how many."""
    gone = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another worker was quicker
            gone += _clear(folder)
    return gone


def _clear(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != os.getuid():
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()
    finally:
        os.close(handle)


class Larder:
    """A folder whose files keep their paths for as long as one of the processes that use it lives: a snapshot belongs
    to a plan with exactly these paths."""

    def __init__(self, name: str) -> None:
        self.path = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
        self._handle: int | None = None

    def clear(self) -> None:
        """Remove the files, unless a process that uses them lives."""
        with contextlib.suppress(FileNotFoundError), self._opened() as handle, contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in self.path.iterdir():
                path.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> Path:
        """Keep a file, whole or not at all, while this process lives. ``StoreError`` when it cannot be kept."""
        try:
            self._use()
            draft = self.path / f"{name}.{os.getpid()}.unfinished"
            draft.write_bytes(data)
            return draft.replace(self.path / name)
        except OSError as error:
            message = f"{self.path} cannot be used ({error}): make room, or give another folder in TMPDIR"
            raise StoreError(message) from error

    def close(self) -> None:
        """Use it no more, as the end of the process does."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _use(self) -> None:
        if self._handle is None:
            self.path.mkdir(mode=0o700, exist_ok=True)
            with self._opened() as handle:
                fcntl.flock(handle, fcntl.LOCK_SH)
                self._handle = os.dup(handle)  # which keeps the lock

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        """A handle of the folder; ``OSError`` when it is not this user's own."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(handle).st_uid != os.getuid():
                raise PermissionError(f"{self.path} belongs to another user")
            yield handle
        finally:
            os.close(handle)
