from __future__ import annotations

import numpy as np
import pytest

from ozora.language.vocabulary import WORDS
from ozora.stage.glyphs import ROWS, strokes


def bitmap(word: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """What the strokes of a word paint, [7, columns]."""
    picture = np.zeros((7, 6 * len(word)), np.int64)
    for x, y, width in strokes(word):
        picture[y, x : x + width] += 1
    return picture


@pytest.mark.parametrize("letter", ROWS)
def test_strokes_paint_the_letter_once(letter: str) -> None:
    wanted = np.array([[int(pixel) for pixel in row] for row in ROWS[letter].split()])
    assert wanted.shape == (7, 5)
    np.testing.assert_array_equal(bitmap(letter)[:, :5], wanted)
    assert not bitmap(letter)[:, 5].any()


def test_strokes_are_as_long_as_they_can_be() -> None:
    assert strokes("I")[0] == (0, 0, 5)
    assert len(strokes("E")) == 7


def test_letters_stand_side_by_side() -> None:
    np.testing.assert_array_equal(bitmap("TOY")[:, 6:12], bitmap("O"))


def test_lower_case_is_upper_case() -> None:
    assert strokes("cafe") == strokes("CAFE")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_stage_can_be_drawn(word: str) -> None:
    assert bitmap(word).max() == 1


def test_no_two_letters_look_alike() -> None:
    assert len(set(ROWS.values())) == len(ROWS) == 26
