"""Words of a text as a rule compares them: small letters, without disguise and without English endings.

The endings are cut by a few rules (after Porter, 1980, much shorter); both the text and the rules go through them, so
that what matters is only that forms of one word meet, not that the stem is a word. Where a text can be read in two ways
(what is not seen may stand for a space; a capital I looks like a small L) both are read, one behind the other.
"""

from __future__ import annotations

import re

from ozora.trust.lookalikes import plain_letters

_DIGITS = str.maketrans("0134578@$", "oieastbas")
_SPELLED = re.compile(r"(?<!\w)\w(?:[\W_]{1,3}\w){2,}(?!\w)")
_POSSESSIVE = re.compile(r"[\u2019'`]s\b")
_WORD = re.compile(r"[\w@$]+")
_CAPITAL_I = re.compile(r"\bI(?=[a-z]{2})|(?<=[a-z])I(?![A-Z])")  # as in Iego or TayIor
_MIDDLE_NAME = re.compile(r"\b([A-Z][a-z]+) (?:[A-Z]\.|[A-Z][a-z]+) (?=[A-Z][a-z]+\b)")
_ENDINGS = ("ingly", "edly", "ing", "ed", "er", "ies", "es", "ly", "y", "e")
_SHORTEST = 4  # of a stem; with 3, rape and rapping would be one word


def find_lemmas(text: str) -> tuple[str, ...]:
    """The lemmas of the words in ``text``, in order; behind them those of other readings, and of words that are spelled
    letter by letter. An empty lemma parts what does not belong together."""
    lemmas: list[str] = []
    for reading in read_all_ways(text):
        lemmas += ["", *_lemmas(reading)] if lemmas else _lemmas(reading)
    return tuple(lemmas)


def find_phrase(phrase: str) -> tuple[str, ...]:
    """The lemmas of a phrase of a rule, read in the usual way only."""
    return tuple(_lemmas(read_all_ways(phrase)[0]))


def read_all_ways(text: str) -> tuple[str, ...]:
    """``text`` in plain letters, in each way in which it can be read; the usual one first, each once."""
    plain = plain_letters(text)
    joined = plain.replace("\0", "")
    ways = [joined, plain.replace("\0", " "), _CAPITAL_I.sub("l", joined), _MIDDLE_NAME.sub(r"\1 ", joined)]
    return tuple(dict.fromkeys(ways))


def _lemmas(text: str) -> list[str]:
    plain = _POSSESSIVE.sub("", text.casefold())
    words = _WORD.findall(plain.replace("_", " "))
    for letters in _SPELLED.findall(plain):
        spelled = re.sub(r"[\W_]+", "", letters)
        words += ["", spelled, "", spelled[1:]]  # the first may be an article
    return [_cut(_undisguise(word)) for word in words]


def _undisguise(word: str) -> str:
    """Digits between letters are meant as letters; numbers stay numbers."""
    return word.translate(_DIGITS) if re.search(r"[a-z]", word) else word


def _cut(word: str) -> str:
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            doubled = stem[-1] == stem[-2] and stem[-1] not in "ls"
            return stem[:-1] if doubled else stem
    return word.removesuffix("s") if len(word) > _SHORTEST - 1 and not word.endswith("ss") else word
