"""The name that a clip gets when none is asked for: its prompt, as words with dashes."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

_MAX_LETTERS = 60
_MAX_BYTES = 180  # letters outside ASCII take up to four bytes, and a file system allows 255


def name_clip(prompt: str, *, suffix: str, folder: Path) -> Path:
    """A path in ``folder`` that no file has yet: ``a-red-ball.mp4``, then ``a-red-ball-2.mp4``."""
    stem = _words(prompt) or "clip"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for name in names if _is_free(path := folder / f"{name}{suffix}"))


def _words(prompt: str) -> str:
    """``prompt`` in small letters (of any script), cut between words."""
    words: list[str] = []
    for word in re.findall(r"\w+", prompt.lower()):
        longer = "-".join([*words, word])
        if len(longer) > _MAX_LETTERS or len(longer.encode()) > _MAX_BYTES:
            break
        words.append(word)
    return "-".join(words)


def _is_free(path: Path) -> bool:
    return not path.exists() and not path.with_name(f"{path.name}.json").exists()
