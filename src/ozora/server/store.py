"""Files of the server, local or in a bucket: what a path of fsspec can name (https://filesystem-spec.readthedocs.io)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from fsspec.core import url_to_fs

from ozora.errors import DamageError, DiskFullError, OzoraError, UserError
from ozora.media.output_file import sync_folder
from ozora.server.logs import LOGGER
from ozora.server.seals import Hashes, Seal, State, seal_of
from ozora.server.store_errors import explain_store_error

CHUNK_BYTES = 256 * 1024
SPARE_BYTES = 200_000_000  # of a disk are left to the jobs that are being painted


class Store:
    """A tree of files under one URL. Paths are relative, with forward slashes; a file appears whole or not at all."""

    def __init__(self, url: str) -> None:
        try:
            self._system, root = url_to_fs(url, use_listings_cache=False)  # others write there too
        except ImportError as error:
            raise UserError(f"'{url}' needs one more package ({error}): pip install 'ozora[s3]'") from error
        except ValueError as error:
            raise UserError(
                f"'{url}' is no place for files: give a folder, or a URL such as s3://bucket/ozora"
            ) from error
        self._root = str(root).rstrip("/")
        self.is_local = "file" in _protocols(self._system.protocol)
        self._hashes = Hashes()

    def write(self, path: str, data: bytes) -> None:
        """Make or replace a file in one step. ``StoreError`` when the disk is full or cannot be reached.

        When this returns the file is on the disk and survives a loss of power, so that a database may name it.
        """
        target = self._at(path)
        with _reachable():
            if not self.is_local:
                self._system.pipe_file(target, data)
                return
            draft = Path(f"{target}.{secrets.token_hex(4)}.unfinished")
            _make_folder(draft.parent)
            try:
                with draft.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            sync_folder(draft.parent)

    def put(self, source: Path, path: str) -> Seal:
        """Copy a file of this machine into the store; returns its seal."""
        data = source.read_bytes()
        self.write(path, data)
        return seal_of(data)

    def read(self, path: str, seal: Seal | None = None) -> bytes:
        """The whole file. ``FileNotFoundError`` when there is none, ``DamageError`` when it does not fit its seal."""
        with _reachable():
            data: bytes = self._system.cat_file(self._at(path))
        if seal is not None:
            _compare(path, seal, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest() if seal.sha256 else "")
        return data

    def check_seal(self, path: str, seal: Seal) -> int:
        """The size of a file in bytes, when it is what was stored. ``FileNotFoundError`` when there is none,
        ``DamageError`` when it does not fit its seal. Reads a file once as long as it does not change."""
        state = self._state(path)
        _compare(path, seal, size_bytes=state.size_bytes, sha256="")
        if seal.sha256:
            sha256 = self._hashes.find(state, lambda: self._hash(path))
            _compare(path, seal, size_bytes=state.size_bytes, sha256=sha256)
        return state.size_bytes

    def _state(self, path: str) -> State:
        with _reachable():
            if self.is_local:
                told = Path(self._at(path)).stat()
                return State(path=path, size_bytes=told.st_size, mark=f"{told.st_ino} {told.st_mtime_ns}")
            info = self._system.info(self._at(path))
        mark = next((str(info[name]) for name in ("ETag", "etag", "LastModified", "created") if name in info), "")
        return State(path=path, size_bytes=int(info["size"]), mark=mark)

    def _hash(self, path: str) -> str:
        total = hashlib.sha256()
        for piece in self.chunks(path, 0, self.size(path)):
            total.update(piece)
        return total.hexdigest()

    def find(self, path: str) -> bytes | None:
        """The whole file, or ``None`` when there is none."""
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def size(self, path: str) -> int:
        """Bytes of a file; ``FileNotFoundError`` when there is none."""
        with _reachable():
            return int(self._system.size(self._at(path)))

    def chunks(self, path: str, start: int, length: int) -> Iterator[bytes]:
        """``length`` bytes from ``start``, a piece at a time."""
        with _reachable(), self._system.open(self._at(path), "rb") as file:
            file.seek(start)
            while length > 0 and (piece := file.read(min(CHUNK_BYTES, length))):
                length -= len(piece)
                yield piece

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all that is in it; nothing happens where there is none."""
        with _reachable(), contextlib.suppress(FileNotFoundError):
            self._system.rm(self._at(path), recursive=True)

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another path, which must be free; ``FileNotFoundError`` when there is none."""
        with _reachable():
            if not self.is_local:
                if not self._system.exists(self._at(source)):
                    raise FileNotFoundError(source)
                self._system.mv(self._at(source), self._at(target), recursive=True)
                return
            old, new = Path(self._at(source)), Path(self._at(target))
            old.lstat()
            _make_folder(new.parent)
            old.rename(new)
            sync_folder(new.parent)
            sync_folder(old.parent)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in order; none where there is no folder."""
        with _reachable():
            try:
                listed = self._system.ls(self._at(folder), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in listed)

    def find_files(self, path: str) -> list[State]:
        """The files below a path, in order, or the file that it names; none where there is nothing."""
        with _reachable():
            found = [str(name).removeprefix(f"{self._root}/") for name in self._system.find(self._at(path))]
        states = []
        for name in sorted(found):
            with contextlib.suppress(FileNotFoundError):  # it went away meanwhile
                states.append(self._state(name))
        return states

    def check(self) -> None:
        """``StoreError`` when nothing can be written now."""
        name = f".check-{secrets.token_hex(4)}"
        self.write(name, bytes(4096))  # an empty file can be made on a full disk
        self.remove(name)

    def free_bytes(self) -> int | None:
        """Room that is left; ``None`` where the store does not say."""
        if not self.is_local:
            return None
        root = Path(self._root)
        nearest = next(folder for folder in (root, *root.parents) if folder.exists())
        return shutil.disk_usage(nearest).free

    def check_room(self, size_bytes: int) -> None:
        """``DiskFullError`` when a file of a client would take what is left for the jobs."""
        free_bytes = self.free_bytes()
        if free_bytes is not None and free_bytes - size_bytes < SPARE_BYTES:
            raise DiskFullError

    def local_path(self, path: str) -> Path | None:
        """Where a file is on this machine; ``None`` when the store is elsewhere."""
        return Path(self._at(path)) if self.is_local else None

    def _at(self, path: str) -> str:
        assert path and ".." not in path.split("/"), path
        return f"{self._root}/{path}"


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; each new name is on the disk when this returns."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def _compare(path: str, seal: Seal, *, size_bytes: int, sha256: str) -> None:
    """``DamageError`` when a file differs from its seal. No file of ours is empty, so an empty one was cut."""
    if size_bytes == 0 and seal.size_bytes != 0:
        reason = "it is empty"
    elif seal.size_bytes is not None and size_bytes != seal.size_bytes:
        reason = f"it has {size_bytes} bytes in place of {seal.size_bytes}"
    elif seal.sha256 and sha256 and sha256 != seal.sha256:
        reason = f"its SHA-256 is {sha256} in place of {seal.sha256}"
    else:
        return
    LOGGER.error("a stored file is damaged: %s: %s", path, reason)
    raise DamageError(f"the stored file {path} is damaged ({reason}); restore it from a backup, or make it again")


def _protocols(protocol: str | tuple[str, ...]) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else protocol


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OzoraError:
        raise
    except Exception as error:
        known = explain_store_error(error)
        if known is None:
            raise
        raise known from error
