"""The game's data files, read straight from its zip archive: what the troupe is made from."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Protocol

from ozora.errors import MediaError

ARCHIVE_PLACE = "usr/share/games/0ad/mods/public/public.zip"
MAX_FILE_BYTES = 64 * 2**20


class Files(Protocol):
    """Named bytes. Names are relative to the archive: "art/meshes/skeletal/tiger.dae.cached.pmd"."""

    def has(self, name: str) -> bool: ...

    def read(self, name: str) -> bytes: ...


class ZipFiles:
    """``Files`` in a zip archive. Raises MediaError when it is none, or when a file in it is missing, damaged or
    huge."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise MediaError(f"{path.name} is not a readable zip archive: give the 0ad-data package itself.") from error
        self._names = frozenset(self._zip.namelist())

    def has(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        if name not in self._names:
            raise MediaError(f"The archive has no {name}: another release of 0ad-data is needed.")
        if self._zip.getinfo(name).file_size > MAX_FILE_BYTES:
            raise MediaError(f"{name} in the archive is larger than {MAX_FILE_BYTES // 2**20} MB.")
        try:
            return self._zip.read(name)
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            raise MediaError(f"{name} in the archive is damaged: download the package again.") from error

    def close(self) -> None:
        self._zip.close()
