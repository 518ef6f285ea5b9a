"""The word list of the stage: every word that the caption grammar can say, in a fixed order."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from ozora.language.captions import write_caption
from ozora.language.vocabulary import COUNTS, FULL, SIZES
from ozora.stage.sampling import draw_scene

SCENES = 6000
EXTRA = (
    frozenset(COUNTS.values())
    | frozenset(SIZES)
    | {
        *("the", "a", "an", "is", "are", "of", "in", "on", "at", "and", "to", "by", "with", "then", "there", "here"),
    }
)


@lru_cache(maxsize=1)
def word_list() -> tuple[str, ...]:
    """All words of the grammar, sorted. Takes about three seconds; a trained model carries its own list."""
    found = set(EXTRA)
    for seed in range(SCENES):
        _, statement = draw_scene(seed, FULL)
        found |= set(re.findall(r"[^\W_]+", write_caption(np.random.default_rng(seed), statement).text.lower()))
    return tuple(sorted(found))
