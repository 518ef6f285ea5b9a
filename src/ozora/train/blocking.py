"""Blocking: where each thing stands and which way it goes, as channels of the canvas beside those of the picture.

On a stage, blocking is decided before anything is built. Here it is painted before the picture: its channels have a
noise time of their own, which runs ahead (``flow/schedule.py``). What prompts ask for, who is where and moves how, is
then settled in a few clean numbers a token, and the picture that follows from them is easy. The idea is that of
semantic-first diffusion (Pan et al. 2025, arXiv 2512.04926) and latent forcing (Baade et al. 2026, arXiv 2602.11401),
with the exact truth of a simulated world in the place of another network's features.

A cell (a quarter of a token) holds ``CELL`` numbers, all weighted by how much of it the thing covers: one for that
share itself, a code of the noun, the color, and the drift.

Letters: ``b`` clips, ``g`` latent frames, ``i j`` token rows and columns, ``y x`` rows and columns of cells.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from ozora.train.labels import CELLS
from ozora.world.vocabulary import COLORS

CODES = (1, 2, 4, 8, 16, 7, 25, 30)
"""Columns of a Hadamard matrix whose signs are the code of a noun's number (up to 31): two differ in at least two."""
CELL = 1 + len(CODES) + 3 + 2
CHANNELS = CELLS**2 * CELL
GAIN = (2.0, *[1.5] * len(CODES), *[2.5] * 3, *[2.0] * 2)
"""By what each number of a cell is multiplied: about a deviation of one where things are."""


def codes(count: int) -> Float[Tensor, "count code"]:
    """The signs that stand for nouns 1 to ``count`` - 1; nothing (0) has none."""
    table = torch.tensor([[1.0 - 2.0 * ((noun & column).bit_count() % 2) for column in CODES] for noun in range(count)])
    table[0] = 0
    return table


def blocking(
    names: Int[Tensor, "b 2 g y x"], share: Float[Tensor, "b g y x"], drift: Float[Tensor, "b 2 g y x"]
) -> Float[Tensor, "b k g i j"]:
    """The channels of labelled cells; see ``labels.py``."""
    who = codes(32)[names[:, 0].long()].movedim(-1, 1)
    palette = torch.tensor([[0.0] * 3, *[[2 * value - 1 for value in color] for color in COLORS.values()]])
    hue = palette[names[:, 1].long()].movedim(-1, 1)
    cell = torch.cat([torch.ones_like(share)[:, None], who, hue, drift.clamp(-1, 1)], dim=1)
    cell = cell * share[:, None] * torch.tensor(GAIN)[:, None, None, None]
    b, _, g = cell.shape[:3]
    folded = F.pixel_unshuffle(cell.transpose(1, 2).flatten(0, 1), CELLS)
    return folded.unflatten(0, (b, g)).transpose(1, 2)
