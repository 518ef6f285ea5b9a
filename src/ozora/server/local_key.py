"""The secret of this machine's own user: the file ``local.key`` in the home folder, which nobody else can read.

Whoever can read it is that user, so it stands for all that they may do. An address proves nothing: behind a proxy every
request comes from loopback.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path
from urllib.parse import urlsplit

from ozora.errors import UserError
from ozora.server.settings import LOOPBACK
from ozora.trust.home import open_home
from ozora.trust.settings import find_home

FILE = "local.key"
PREFIX = "oz_local_"
_TEXT = re.compile(rf"{PREFIX}[0-9a-f]{{48}}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_local_key(home: Path) -> str:
    """Return the secret of ``home``; it is made when there is none, and one that is there is never replaced.

    ``UserError`` when others can read it, or when it is damaged or cannot be made.
    """
    path = home / FILE
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        _make(path)
        return _read(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read or made ({error.strerror or error}); the folder must belong to whoever runs this"
        ) from error


def find_local_key(url: str) -> str:
    """Return the secret if ``url`` names this machine's loopback, else an empty text: it is never sent elsewhere."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ""
    return keep_local_key(find_home()) if host in LOOPBACK else ""


def _read(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as file:
        state = os.fstat(file.fileno())
        text = file.read(1000).strip()
    if state.st_mode & _OTHERS or (os.name == "posix" and state.st_uid != os.geteuid() != 0):
        raise UserError(
            f"{path} can be read by others, so that it proves nothing; remove it, and a new one is made for you alone"
        )
    if not _TEXT.fullmatch(text):
        raise UserError(f"{path} holds no key; remove it, and a new one is made")
    return text


def _make(path: Path) -> None:
    """Put a new secret at ``path`` in one step, unless another process was first."""
    open_home(path.parent)
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}.unfinished")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{PREFIX}{secrets.token_hex(24)}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, this never replaces
    finally:
        draft.unlink()
