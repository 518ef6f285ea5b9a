"""Letters that look like Latin ones, and characters that are not seen, so that a word is known in disguise.

Source: the confusables of Unicode Technical Standard 39 (Security Mechanisms), of which the table ``lookalikes.txt``
keeps what looks like one ASCII letter or digit, beside letters that Unicode names as such (small capitals, letters with
a stroke, letters in a black circle or square). ``tests/trust/test_lookalikes.py`` makes the table again.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

TABLE = Path(__file__).parent / "rules" / "lookalikes.txt"
_MARKS = ("Mn", "Me")  # Unicode's categories of marks that are set above, below or around a letter
_HIDDEN = ("Cf", "Cc", "Co", "Cn")  # formats, controls, private use and what is not assigned
_BLANKS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"  # letters and signs that are drawn as nothing


def _read_table() -> dict[int, str]:
    """Lines of a letter and what looks like it; lines that begin with # say where they come from."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {ord(twin): line[0] for line in lines for twin in line[2:]}


_TWINS = _read_table()


def plain_letters(text: str) -> str:
    """``text`` in Latin letters as far as it looks like them, capitals kept; what is not seen becomes NUL."""
    if text.isascii():
        return _without_controls(text)
    letters = []
    for letter in unicodedata.normalize("NFKD", text.translate(_TWINS)).translate(_TWINS):
        kind = unicodedata.category(letter)
        if kind in _MARKS and letter not in _BLANKS:
            continue
        if kind == "Zs" or letter.isspace():
            letters.append(" ")
        else:
            letters.append("\0" if kind in _HIDDEN or letter in _BLANKS else letter)
    return "".join(letters)


def _without_controls(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0e-\x1b\x7f]", "\0", text)
