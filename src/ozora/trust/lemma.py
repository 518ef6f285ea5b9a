"""Words of a prompt as a rule compares them: small letters, without disguise and without English endings.

The endings are cut by a few rules (after Porter, 1980, much shorter); both the prompt and the rules go through them,
so that what matters is only that forms of one word meet, not that the stem is a word.
"""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = str.maketrans("0134578@$", "oieastbas")
_TWINS = str.maketrans("аеіјоѕрсухьһԁԛԝɡαεικνορτυχ", "aeijospcyxbhdqwgaeiknoptux")  # Cyrillic, Greek
_UNSEEN = ("Cf", "Mn", "Me")  # Unicode's categories: format, marks
_SPELLED = re.compile(r"(?<!\w)\w(?:[\W_]{1,3}\w){2,}(?!\w)")
_ENDINGS = ("ingly", "edly", "ing", "ed", "er", "ies", "es", "ly", "y", "e")
_SHORTEST = 4  # of a stem; with 3, rape and rapping would be one word


def find_lemmas(text: str) -> tuple[str, ...]:
    """The lemmas of the words in ``text``, in order; behind them words that are spelled letter by letter."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in _UNSEEN).translate(_TWINS)
    plain = re.sub(r"[\u2019'`]s\b", "", plain)
    words = re.findall(r"[\w@$]+", plain.replace("_", " "))
    for letters in _SPELLED.findall(plain):
        spelled = re.sub(r"[\W_]+", "", letters)
        words += ["", spelled, "", spelled[1:]]  # the first may be an article
    return tuple(_cut(_undisguise(word)) for word in words)


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
