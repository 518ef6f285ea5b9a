"""Folders of this machine in texts for others: a client is told the name of a file, never where it lies."""

from __future__ import annotations

import re
from pathlib import Path

_FIRST = re.compile(r"(?<![\w/:.])/[^/\s'\"<>|,;]+/")  # the folder at the root that a path begins in
_REST = re.compile(r"[^\s'\"<>|,;]*")
_LONGEST = 4096  # characters of a path, as Linux has it


def hide_folders(text: str) -> str:
    """``text`` with every path of this machine shortened to its last name.

    A path begins in a folder that is there, so that "/v1/videos" and the like stay.
    """
    shown, position = [], 0
    for match in _FIRST.finditer(text):
        if match.start() >= position and _is_folder(match[0]):
            shown.append(text[position : match.start()])
            position = _end_of_folder(text, match.start())
    return "".join([*shown, text[position:]])


def _end_of_folder(text: str, start: int) -> int:
    """Where the last name of the path begins. A folder's name may have spaces: it ends at the quote if the path began
    behind one, else it is asked for on the disk."""
    quote = text[start - 1] if start else ""
    closing = text.find(quote, start) if quote in ("'", '"') else -1
    if closing > 0:
        return _behind_last_slash(text, start, closing)
    rest = _REST.match(text, start)
    assert rest is not None, "it matches anything"
    end = _behind_last_slash(text, start, rest.end())
    slashes = [match.start() for match in re.finditer(r"/(?=[^\s'\"])", text[start : start + _LONGEST])]
    deeper = [start + slash + 1 for slash in slashes if slash and _is_folder(text[start : start + slash])]
    return max([end, *deeper])


def _behind_last_slash(text: str, start: int, end: int) -> int:
    path = text[start:end].rstrip("/")
    return start + path.rfind("/") + 1


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # too long, or a letter that no path has
        return False
