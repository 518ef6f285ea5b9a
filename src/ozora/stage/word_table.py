"""The word table: every word that the caption grammar can say, in a fixed order."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from ozora.language.captions import write_caption
from ozora.language.sentences import sentence
from ozora.language.vocabulary import COUNTS, FULL, NOUNS, SIZES, WORDS
from ozora.stage.sampling import draw_scene

SCENES, TURNS = 25_000, 2
"""How many scenes are told, each so many times."""
EXTRA = (
    frozenset(COUNTS.values())
    | frozenset(SIZES)
    | {
        *("the", "a", "an", "is", "are", "of", "in", "on", "at", "and", "to", "by", "with", "then", "there", "here"),
    }
)
PLAIN_WORDS = frozenset({"left", "right", "red", "blue", "slow", "home", "sun", "water", "city"})
"""Words of signs that are others' as well."""


@lru_cache(maxsize=1)
def word_list() -> tuple[str, ...]:
    """All words of the grammar, sorted, but for those of signs, which are spelled. Takes about a minute; a trained
    model carries its own list."""
    found = {*EXTRA, *(word for noun in NOUNS for word in _words(noun))}
    for seed in range(SCENES):
        _, statement = draw_scene(seed, FULL)
        for turn in range(TURNS):
            caption = write_caption(np.random.default_rng([seed, turn]), statement)
            found |= {*_words(caption.text), *_words(sentence(caption.statement))}
    return tuple(sorted(found - {word.lower() for word in WORDS} | (found & PLAIN_WORDS)))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
