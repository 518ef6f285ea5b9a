"""Layouts: where each thing stands and which way it goes, as a few numbers a cell, and the way back.

The layout of a clip is sampled before its picture: its channels have a noise time of their own, which reaches 0 first
(``flow/schedule.py``). What prompts ask for, who is where and moves how, is then settled in a few clean numbers a
token, and the picture that follows from them is easy. The idea is that of semantic-first diffusion (Pan et al. 2025,
arXiv 2512.04926) with the exact truth of a simulated world in the place of another network's features.

A cell is a quarter of a latent token. It holds ``CELL`` numbers, all weighted by how much of it the thing covers: one
for that share itself, a code of the noun, the color, the drift (which way it moves), and the facing (which way it is
turned: to the right and away).

Letters: ``g`` latent frames, ``i j`` rows and columns of tokens, ``e`` numbers of a cell, ``y x`` rows and columns of
cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ozora.language.vocabulary import COLORS, NOUNS, Vocabulary

FloatArray = NDArray[np.float64]
CELLS = 2
"""Cells along a side of a token."""
BITS = 20
"""Signs of the code that stands for a noun."""
LEAST_DISTANCE = 6
"""In so many places the codes of two nouns differ at least."""
CELL = 1 + BITS + 3 + 2 + 2
CHANNELS = CELLS**2 * CELL
HUE, DRIFT, FACING = (slice(CELL + first, CELL + last) for first, last in ((-7, -4), (-4, -2), (-2, 0)))
"""Which numbers of a cell are its color, its drift and its facing."""
GAIN = np.array((2.0, *[1.5] * BITS, *[2.5] * 3, *[2.0] * 2, *[1.5] * 2))
"""By what each number of a cell is multiplied: about a deviation of one where things are."""
LEAST_SHARE = 0.2
"""A cell shows a thing that covers at least this share of it; less may be what a network was not sure of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """``share`` [g, y, x] of each cell that a thing covers; ``noun`` and ``color`` [g, y, x] its numbers in
    ``vocabulary.NOUNS`` and ``COLORS``, from 1 (0: no thing); ``drift`` [2, g, y, x] picture heights a second to the
    right and down; ``facing`` [2, g, y, x] to the right and away, of length 1 where it is clear, 0 where not known."""

    share: FloatArray
    noun: NDArray[np.int64]
    color: NDArray[np.int64]
    drift: FloatArray
    facing: FloatArray

    def within(self, free: NDArray[np.bool_]) -> Cells:
        """What is to be seen in the cells ``free`` [g, y, x], in those frames that have any."""
        frames = free.any((1, 2))
        names = ("share", "noun", "color", "drift", "facing")
        return Cells(**{name: (getattr(self, name) * free)[..., frames, :, :] for name in names})


@cache
def codes(count: int) -> FloatArray:
    """The signs [count, BITS] that stand for nouns 1 to ``count`` - 1; nothing (0) has none. Any two differ in at least
    ``LEAST_DISTANCE`` places: of a fixed shuffle of all words those that are far enough from all before them.

    Trained weights know these codes: neither the shuffle nor the order of the nouns may change.
    """
    found: list[int] = []
    for word in np.random.default_rng(20).permutation(2**BITS).tolist():
        if len(found) == count - 1:
            break
        if all((word ^ other).bit_count() >= LEAST_DISTANCE for other in found):
            found.append(word)
    return np.array([[0.0] * BITS, *[[1.0 - 2.0 * ((word >> bit) & 1) for bit in range(BITS)] for word in found]])


def palette() -> FloatArray:
    """The colors [n, 3] from -1 to 1, by number; nothing (0) has none."""
    return np.array([[0.0] * 3, *[[2 * value - 1 for value in color] for color in COLORS.values()]])


def unfold_cells(channels: FloatArray) -> FloatArray:
    """Layout channels [k, g, i, j] as plain numbers of cells [e, g, y, x]."""
    k, g, i, j = channels.shape
    folded = channels.reshape(k // CELLS**2, CELLS, CELLS, g, i, j).transpose(0, 3, 4, 1, 5, 2)
    cells: FloatArray = folded.reshape(CELL, g, i * CELLS, j * CELLS) / GAIN[:, None, None, None]
    return cells


def fold_cells(cells: FloatArray) -> FloatArray:
    """The way back."""
    e, g, y, x = cells.shape
    folded = (cells * GAIN[:, None, None, None]).reshape(e, g, y // CELLS, CELLS, x // CELLS, CELLS)
    channels: FloatArray = folded.transpose(0, 3, 5, 1, 2, 4).reshape(e * CELLS**2, g, y // CELLS, x // CELLS)
    return channels


def read_cells(channels: FloatArray, vocabulary: Vocabulary) -> Cells:
    """What layout channels [k, g, i, j] say: in each cell the likeliest noun and color of a vocabulary."""
    cell = unfold_cells(channels)
    share = cell[0].clip(0, 1)
    nouns = np.array([1 + list(NOUNS).index(noun) for noun in vocabulary.nouns])
    colors = np.array([1 + list(COLORS).index(color) for color in vocabulary.colors])
    heard = np.tensordot(codes(len(NOUNS) + 1)[nouns], cell[1 : 1 + BITS], axes=1)
    hue, drift, facing = (cell[part] / share.clip(0.05) for part in (HUE, DRIFT, FACING))
    far = np.square(palette()[colors][:, :, None, None, None] - hue).sum(1)
    shown = share >= LEAST_SHARE
    return Cells(
        share=share,
        noun=nouns[heard.argmax(0)] * shown,
        color=colors[far.argmin(0)] * shown,
        drift=drift * shown,
        facing=facing * shown,
    )
