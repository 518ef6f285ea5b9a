"""Labels from the stage's truth: noun, color, drift and facing of the thing that each cell of a clip shows.

A cell is a quarter of a latent token. Letters: ``g`` latent frames, ``y x`` rows and columns of cells, ``h w`` rows and
columns of pixels, ``n`` things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ozora.language.layout import CELLS
from ozora.language.vocabulary import COLORS, NOUNS
from ozora.train.corpus import Whereabouts

LEAST_SHARE = 0.02
"""A cell shows a thing that covers at least this share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """``names`` [2, g, y, x] numbers of noun and color (0: no thing); ``share`` [g, y, x] how much of the cell it
    covers; ``drift`` [2, g, y, x] picture heights a second, to the right and down; ``facing`` [2, g, y, x] how much it
    faces to the right and away."""

    names: Tensor
    share: Tensor
    drift: Tensor
    facing: Tensor

    def mirrored(self) -> Labels:
        """The same, seen in a mirror."""
        turned = torch.tensor([-1.0, 1.0])[:, None, None, None]
        return Labels(
            names=self.names.flip(-1),
            share=self.share.flip(-1),
            drift=self.drift.flip(-1) * turned,
            facing=self.facing.flip(-1) * turned,
        )


def label_cells(where: Whereabouts, space: int) -> Labels:
    """The labels of a clip whose tokens are ``space`` pixels wide."""
    count = len(where.nouns)
    thing = torch.from_numpy(where.thing)
    seen = torch.stack([thing == number for number in range(1, count + 1)], dim=1).float()  # [g, n, h, w]
    share, owner = F.avg_pool2d(seen, space // CELLS).max(dim=1)
    shown = share >= LEAST_SHARE
    nouns = torch.tensor([list(NOUNS).index(noun) + 1 for noun in where.nouns])
    colors = torch.tensor([list(COLORS).index(color) + 1 if color else 0 for color in where.colors])
    names = torch.stack([nouns[owner], colors[owner]]) * shown
    alone = len(where.thing) == 1  # a picture shows no movement

    def spread(values: NDArray[np.float64]) -> Tensor:
        """What is known of each thing [g, n, 2], to the cells that show it."""
        of_owner = torch.from_numpy(values).float().gather(1, owner.flatten(1)[..., None].expand(-1, -1, 2))
        return of_owner.permute(2, 0, 1).reshape(2, *owner.shape) * shown

    return Labels(
        names=names.to(torch.uint8),
        share=share * shown,
        drift=spread(where.drift * (not alone)),
        facing=spread(where.facing),
    )
