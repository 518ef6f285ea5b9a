from __future__ import annotations

import numpy as np

from ozora.language.layout import (
    CELL,
    CHANNELS,
    GAIN,
    LEAST_DISTANCE,
    Cells,
    codes,
    fold_cells,
    palette,
    read_cells,
    unfold_cells,
)
from ozora.language.vocabulary import COLORS, NOUNS, SMALL


def test_the_codes_of_any_two_nouns_differ() -> None:
    table = codes(len(NOUNS) + 1)
    assert not table[0].any(), "nothing has no code"
    for number, code in enumerate(table[1:]):
        others = np.delete(table[1:], number, axis=0)
        assert (np.abs(others - code) > 1).sum(1).min() >= LEAST_DISTANCE


def test_an_empty_stage_shows_nothing() -> None:
    cells = read_cells(np.zeros((CHANNELS, 2, 1, 3)), SMALL)
    assert cells.share.shape == (2, 2, 6)
    assert not cells.noun.any() and not cells.color.any() and not cells.share.any()


def test_a_part_of_the_stage_can_be_looked_at_alone() -> None:
    seen = np.ones((3, 2, 4))
    both = np.ones((2, 3, 2, 4))
    cells = Cells(share=seen, noun=seen.astype(int), color=seen.astype(int), drift=both, facing=both)
    free = np.zeros((3, 2, 4), bool)
    free[1:, 0, :2] = True
    part = cells.within(free)
    assert part.share.shape == (2, 2, 4) and part.drift.shape == (2, 2, 2, 4)
    assert part.noun[0].tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]] and part.facing.sum() == 8


def test_channels_of_a_token_are_its_cells_row_by_row() -> None:
    channels = np.zeros((CELL, 4, 1, 1, 1))
    red, cube = list(COLORS).index("red") + 1, list(NOUNS).index("cube") + 1
    channels[:, 2, 0, 0, 0] = (
        np.concatenate([[1.0], codes(cube + 1)[cube], palette()[red], [0.4, 0.0], [0.0, -1.0]]) * GAIN
    )
    cells = read_cells(channels.reshape(CHANNELS, 1, 1, 1), SMALL)
    assert cells.noun[0].tolist() == [[0, 0], [cube, 0]]
    assert cells.color[0].tolist() == [[0, 0], [red, 0]]
    assert cells.drift[:, 0, 1, 0].tolist() == [0.4, 0.0] and cells.facing[:, 0, 1, 0].tolist() == [0.0, -1.0]
    assert np.abs(cells.facing).sum() == 1, "where nothing is, nothing faces anywhere"


def test_the_codes_are_those_that_trained_weights_know() -> None:
    table = codes(147)
    assert table.shape == (147, 20) and len(NOUNS) == 146
    assert "".join("+-"[int(value < 0)] for value in table[1]) == "+++-+--+++-++-+--+++"
    assert "".join("+-"[int(value < 0)] for value in table[146]) == "-+++++---+-+------++"
    np.testing.assert_array_equal(codes(27), table[:27])


def test_folding_is_the_way_back() -> None:
    channels = np.random.default_rng(0).normal(size=(CHANNELS, 2, 3, 4))
    np.testing.assert_allclose(fold_cells(unfold_cells(channels)), channels, rtol=1e-12)
