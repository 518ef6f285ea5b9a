"""Who else on this machine can read what the server keeps: nobody, whatever the umask says.

The database holds prompts and the secrets of webhooks. What is made is for its owner only, and what an earlier version
or another program left wider is narrowed, if it is ours.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ozora.errors import UserError
from ozora.server.settings import Settings

_OTHERS = 0o077
_BESIDE = ("", "-wal", "-shm", "-journal")  # files of SQLite: the database and what it writes beside it


def keep_private(settings: Settings) -> None:
    """Make what this process and its children write private, and narrow the database and the files that are there.

    ``UserError`` when that cannot be done.
    """
    os.umask(_OTHERS)
    try:
        database = _database_file(settings)
        if database is not None:
            _make_folder(database.parent)
            for ending in _BESIDE:
                _narrow(database.with_name(database.name + ending))
            if database.parent in Path(settings.data).parents:  # the data folder of one server
                _narrow(database.parent)
        place = settings.data.removeprefix("file://")
        if "://" not in place:  # asked of the text: a path takes two slashes for one
            files = Path(place)
            _make_folder(files)
            _narrow(files)
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be used ({error.strerror}): give a --data folder of your own"
        ) from error


def _database_file(settings: Settings) -> Path | None:
    try:
        url = make_url(settings.database)
    except ArgumentError:
        return None  # whoever opens it says what is wrong
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _make_folder(folder: Path) -> None:
    """With those above it; the new ones are private by the umask."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _narrow(path: Path) -> None:
    """Take the rights of others to a file or folder of ours; nothing happens where there is none."""
    if not path.exists():
        return
    state = path.stat()
    if state.st_mode & _OTHERS and state.st_uid == os.geteuid():
        path.chmod(state.st_mode & 0o700)
