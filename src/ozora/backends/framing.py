"""Framing: a layout is moved, and made smaller where it must be, until all its things are inside of a narrow picture.

The model paints pictures of one height. A tall picture is the middle of one. Where things stand is decided by the
layout, before there is a picture, so the layout can be framed as a camera would be: turned until the things are in the
middle, and taken farther away until they fit. The picture is then painted around them.

Letters: ``k`` layout channels, ``g`` latent frames, ``i j`` rows and columns of tokens, ``x`` columns of cells, ``n``
things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.language.facts import Statement
from ozora.language.layout import DRIFT, FloatArray, fold_cells, read_cells, unfold_cells
from ozora.language.layout_score import fits
from ozora.language.vocabulary import Vocabulary

SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45)
"""How small a layout may be made."""
INSIDE = 0.85
"""How much of every thing is to be inside."""
HORIZON = 0.3
"""The row, as a share of the height, that stays where it is when a camera moves away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A window of a layout: its middle column, in cells, how small the layout is made, and the share of the things
    that is inside, that of the worst."""

    middle: float
    scale: float = 1.0
    inside: float = 1.0


def choose_frame(channels: FloatArray, statement: Statement, vocabulary: Vocabulary, width: float) -> Frame:
    """The frame of a layout [k, g, i, j] for a picture ``width`` cells wide: the largest in which every thing of the
    statement is inside, or in which the most of the worst one is."""
    cells = read_cells(channels, vocabulary)
    total = cells.share.shape[2]
    columns = [np.where(fits(cells, ref), cells.share, 0.0).sum(axis=(0, 1)) for ref in statement.things]
    seen = [column for column in columns if column.sum() > 0]
    best = Frame(middle=total / 2, inside=0.0)
    if not seen or width >= total:
        return Frame(middle=total / 2)
    for scale in SCALES:
        frames = [_frame(np.stack(seen), middle / 2, width, scale) for middle in range(0, 2 * total + 1)]
        nearest = max(frames, key=lambda frame: (round(frame.inside, 2), -abs(frame.middle - _center(seen))))
        if nearest.inside > best.inside:
            best = nearest
        if best.inside >= INSIDE:
            break
    return best


def _frame(columns: FloatArray, middle: float, width: float, scale: float) -> Frame:
    """``columns`` [n, x] say how much of each thing is in each column; what comes out is what ``apply_frame`` does."""
    total = columns.shape[1]
    source = _source(total, total / 2, middle, scale)
    moved = np.where((source >= 0) & (source < total), columns[:, source.clip(0, total - 1)], 0.0)
    edges = np.arange(total + 1)
    left, right = (total - width) / 2, (total + width) / 2
    covered = (np.minimum(edges[1:], right) - np.maximum(edges[:-1], left)).clip(0, 1)
    whole = np.maximum(moved.sum(axis=1), scale * columns.sum(axis=1))  # what left the canvas counts too
    return Frame(middle=middle, scale=scale, inside=float(((moved * covered).sum(axis=1) / whole).min()))


def _center(columns: list[FloatArray]) -> float:
    """The middle between the things."""
    places = np.arange(len(columns[0])) + 0.5
    return float(np.mean([(column * places).sum() / column.sum() for column in columns]))


def apply_frame(channels: FloatArray, frame: Frame) -> FloatArray:
    """The layout [k, g, i, j] with its frame in the middle; where nothing was, nothing stands."""
    cells = unfold_cells(channels)
    _, _, rows, columns = cells.shape
    y = _source(rows, HORIZON * rows, HORIZON * rows, frame.scale)
    x = _source(columns, columns / 2, frame.middle, frame.scale)
    outside = np.outer((y < 0) | (y >= rows), np.ones(columns, bool)) | np.outer(
        np.ones(rows, bool), (x < 0) | (x >= columns)
    )
    moved = cells[:, :, y.clip(0, rows - 1)][:, :, :, x.clip(0, columns - 1)]
    moved = np.where(outside, 0.0, moved)
    moved[DRIFT] *= frame.scale
    return fold_cells(moved)


def _source(count: int, target: float, source: float, scale: float) -> NDArray[np.int64]:
    """For each of ``count`` cells the one that comes there, when the place ``source`` comes to ``target``."""
    return np.asarray(np.floor((np.arange(count) + 0.5 - target) / scale + source), np.int64)
