"""Words of a prompt as a rule compares them: small letters, without disguise and without English endings.

The endings are cut by a few rules (after Porter, 1980, much shorter); both the prompt and the rules go through them,
so that what matters is only that forms of one word meet, not that the stem is a word.
"""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = str.maketrans("0134578@$", "oieastbas")
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])
_ENDINGS = ("ingly", "edly", "ing", "ed", "er", "ies", "es", "ly", "y", "e")
_SHORTEST = 4  # of a stem; with 3, rape and rapping would be one word


def find_lemmas(text: str) -> tuple[str, ...]:
    """The lemmas of the words in ``text``, in order."""
    plain = unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"[\u2019'`]s\b", "", plain)
    return tuple(_cut(_undisguise(word)) for word in re.findall(r"[\w@$]+", plain.replace("_", " ")))


def _undisguise(word: str) -> str:
    """Digits between letters are meant as letters; numbers stay numbers."""
    return word.translate(_LOOKALIKES) if re.search(r"[a-z]", word) else word


def _cut(word: str) -> str:
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            doubled = stem[-1] == stem[-2] and stem[-1] not in "ls"
            return stem[:-1] if doubled else stem
    return word.removesuffix("s") if len(word) > _SHORTEST - 1 and not word.endswith("ss") else word
