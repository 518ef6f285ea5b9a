"""Files of the server, local or in a bucket: what a path of fsspec can name (https://filesystem-spec.readthedocs.io)."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from fsspec.core import url_to_fs

from ozora.errors import DiskFullError, StoreError, UserError

CHUNK_BYTES = 256 * 1024
SPARE_BYTES = 200_000_000  # of a disk are left to the jobs that are being painted


class Store:
    """A tree of files under one URL. Paths are relative, with forward slashes; a file appears whole or not at all."""

    def __init__(self, url: str) -> None:
        try:
            self._system, root = url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise UserError(
                f"'{url}' is no place for files: give a folder, or a URL such as s3://bucket/ozora"
            ) from error
        self._root = str(root).rstrip("/")
        self.is_local = "file" in _protocols(self._system.protocol)

    def write(self, path: str, data: bytes) -> None:
        """Make or replace a file in one step. ``StoreError`` when the disk is full or cannot be reached."""
        target = self._at(path)
        with _reachable():
            if not self.is_local:
                self._system.pipe_file(target, data)
                return
            draft = Path(f"{target}.{secrets.token_hex(4)}.unfinished")
            draft.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(data)
                draft.replace(target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

    def put(self, source: Path, path: str) -> int:
        """Copy a file of this machine into the store; returns its size in bytes."""
        data = source.read_bytes()
        self.write(path, data)
        return len(data)

    def read(self, path: str) -> bytes:
        """The whole file; ``FileNotFoundError`` when there is none."""
        with _reachable():
            data: bytes = self._system.cat_file(self._at(path))
            return data

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


def _protocols(protocol: str | tuple[str, ...]) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else protocol


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"the file store cannot be used now ({error.strerror or error}); try again") from error
