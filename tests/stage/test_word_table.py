from __future__ import annotations

import numpy as np

from ozora.language.captions import CAMERA_PHRASES, SETTINGS, write_caption
from ozora.language.vocabulary import COLORS, COUNTS, FULL, NOUNS, SIZES, WORDS
from ozora.model.text import split
from ozora.stage.sampling import draw_scene
from ozora.stage.word_table import word_list


def test_words_are_sorted_and_there_once() -> None:
    words = word_list()
    assert list(words) == sorted(set(words))
    assert all(word == word.lower() and split(word) == [word] for word in words)


def test_the_words_of_the_stage_are_there() -> None:
    phrases = [phrase for table in (*SETTINGS.values(), CAMERA_PHRASES) for group in table.values() for phrase in group]
    spoken = {word for phrase in phrases for word in split(phrase)}
    nouns = {word for noun in NOUNS for word in split(noun)}
    signs = {word.lower() for word in WORDS}  # spelled
    assert (spoken - signs) | nouns | set(COLORS) | set(SIZES) | set(COUNTS.values()) <= set(word_list())


def test_new_captions_need_no_other_words() -> None:
    words = set(word_list())
    for seed in range(100_000, 100_600):
        _, statement = draw_scene(seed, FULL)
        unknown = set(split(write_caption(np.random.default_rng(seed), statement).text)) - words
        assert unknown <= {word.lower() for word in WORDS}, "what stands on signs is spelled"
