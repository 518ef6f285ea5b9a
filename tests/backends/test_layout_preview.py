from __future__ import annotations

import numpy as np

from ozora.backends.layout_preview import PAPER, draw_layout
from ozora.language.layout import CELL, CELLS, GAIN, fold_cells


def cells() -> np.ndarray:
    """A layout of 2 x 3 tokens whose upper left cell is wholly red."""
    cell = np.zeros((CELL, 1, 2 * CELLS, 3 * CELLS))
    cell[0, 0, 0, 0] = 1
    cell[-7:-4, 0, 0, 0] = (1, -1, -1)
    return cell


def test_a_thing_has_its_color_and_the_rest_is_paper() -> None:
    picture = draw_layout(fold_cells(cells())[:, 0], 64, 96)
    assert picture.shape == (64, 96, 3) and picture.dtype == np.uint8
    assert (picture[:16, :16] == (255, 0, 0)).all()
    assert (picture[16:] == (PAPER * 255).round()).all() and (picture[:16, 16:] == (PAPER * 255).round()).all()


def test_any_size_can_be_drawn_and_noise_stays_a_picture() -> None:
    noise = np.random.default_rng(0).normal(size=(CELLS**2 * CELL, 2, 3)) * 5
    assert draw_layout(noise, 50, 33).shape == (50, 33, 3)
    assert len(GAIN) == CELL
