from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ozora.backends.clip import canvas_shape
from ozora.backends.framing import INSIDE, Frame, apply_frame, choose_frame
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.layout import CELL, GAIN, codes, fold_cells, palette, read_cells, unfold_cells
from ozora.language.layout_score import fits
from ozora.language.vocabulary import COLORS, FULL, NOUNS
from ozora.shapes import VideoShape

BALL, CUBE = Ref(noun="ball", color="red"), Ref(noun="cube", color="blue")
ROWS, COLUMNS, WIDTH = 16, 16, 9.0


def layout(*things: tuple[Ref, int, int], frames: int = 3) -> np.ndarray:
    """Channels of things, each with its first column and how many it is wide; two rows high, on the ground."""
    cell = np.zeros((CELL, frames, ROWS, COLUMNS))
    nouns, colors = codes(len(NOUNS) + 1), palette()
    for ref, first, wide in things:
        part = (slice(None), slice(None), slice(10, 12), slice(first, first + wide))
        one = np.zeros(CELL)
        one[0] = 1
        one[1 : 1 + nouns.shape[1]] = nouns[1 + list(NOUNS).index(ref.noun)]
        one[-7:-4] = colors[1 + list(COLORS).index(ref.color)]
        one[-4] = 0.5  # it moves to the right
        cell[part] = one[:, None, None, None]
    return fold_cells(cell * GAIN[:, None, None, None])


def statement(*refs: Ref) -> Statement:
    return Statement(things=refs, facts=tuple(Fact(kind="exists", subject=i) for i in range(len(refs))))


def inside(channels: np.ndarray, ref: Ref, *, width: float = WIDTH) -> float:
    """How much of a thing is in the middle ``width`` columns."""
    cells = read_cells(channels, FULL)
    share = np.where(fits(cells, ref), cells.share, 0.0).sum(axis=(0, 1))
    edges = np.arange(COLUMNS + 1)
    left, right = (COLUMNS - width) / 2, (COLUMNS + width) / 2
    covered = (np.minimum(edges[1:], right) - np.maximum(edges[:-1], left)).clip(0, 1)
    return float((share * covered).sum() / share.sum())


@pytest.mark.parametrize("first", [0, 3, 7, 12])
def test_a_thing_that_stands_aside_comes_to_the_middle_at_its_own_size(first: int) -> None:
    channels = layout((BALL, first, 4))
    frame = choose_frame(channels, statement(BALL), FULL, WIDTH)
    assert frame.scale == 1 and frame.inside > 0.99
    assert inside(apply_frame(channels, frame), BALL) > 0.99


def test_things_far_apart_are_made_smaller_and_both_are_inside() -> None:
    channels = layout((BALL, 0, 4), (CUBE, 12, 4))
    frame = choose_frame(channels, statement(BALL, CUBE), FULL, WIDTH)
    assert frame.scale < 1 and frame.inside >= INSIDE
    framed = apply_frame(channels, frame)
    assert min(inside(framed, BALL), inside(framed, CUBE)) >= 0.8
    before, after = (unfold_cells(part)[-4].max() for part in (channels, framed))
    assert after == pytest.approx(frame.scale * before), "what is farther away moves less"


def test_a_picture_as_wide_as_the_canvas_is_left_alone() -> None:
    channels = layout((BALL, 0, 4))
    frame = choose_frame(channels, statement(BALL), FULL, float(COLUMNS))
    assert frame == Frame(middle=COLUMNS / 2)
    assert np.array_equal(apply_frame(channels, frame), channels)


def test_a_layout_without_its_things_is_left_alone() -> None:
    channels = layout((BALL, 0, 4))
    frame = choose_frame(channels, statement(CUBE), FULL, WIDTH)
    assert np.array_equal(apply_frame(channels, frame), channels)


@pytest.mark.parametrize(
    ("native", "canvas"),
    [
        ((448, 252), (448, 256)),
        ((256, 256), (448, 256)),
        ((256, 258), (256, 448)),
        ((252, 448), (256, 448)),
        ((64, 448), (256, 448)),
    ],
)
def test_the_canvas_is_upright_for_what_is_not_wider_than_high(
    native: tuple[int, int], canvas: tuple[int, int]
) -> None:
    shape = VideoShape(frames=49, height=native[0], width=native[1], fps=Fraction(12))
    found = canvas_shape(shape, 256, 448)
    assert (found.height, found.width, found.frames) == (*canvas, 49)
