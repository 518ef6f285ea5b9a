"""Labels of a clip's cells: the noun, the color and the drift of the thing that each shows, from the stage's truth.

A cell is a quarter of a latent token. Letters: ``g`` latent frames, ``y x`` rows and columns of cells, ``h w`` rows and
columns of pixels, ``n`` things.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ozora.train.corpus import Whereabouts
from ozora.world.blocking import CELLS
from ozora.world.vocabulary import COLORS, NOUNS

LEAST_SHARE = 0.02
"""A cell shows a thing that covers at least this share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """``names`` [2, g, y, x] numbers of noun and color (0: no thing); ``share`` [g, y, x] how much of the cell it
    covers; ``drift`` [2, g, y, x] picture heights a second, to the right and down."""

    names: Tensor
    share: Tensor
    drift: Tensor

    def mirrored(self) -> Labels:
        """The same, seen in a mirror."""
        turned = torch.tensor([-1.0, 1.0])[:, None, None, None]
        return Labels(names=self.names.flip(-1), share=self.share.flip(-1), drift=self.drift.flip(-1) * turned)


def label_cells(where: Whereabouts, space: int) -> Labels:
    """The labels of a clip whose tokens are ``space`` pixels wide."""
    count = len(where.nouns)
    thing = torch.from_numpy(where.thing)
    seen = torch.stack([thing == number for number in range(1, count + 1)], dim=1).float()  # [g, n, h, w]
    share, owner = F.avg_pool2d(seen, space // CELLS).max(dim=1)
    shown = share >= LEAST_SHARE
    nouns = torch.tensor([list(NOUNS).index(noun) + 1 for noun in where.nouns])
    colors = torch.tensor([list(COLORS).index(color) + 1 for color in where.colors])
    names = torch.stack([nouns[owner], colors[owner]]) * shown
    drift = _drift(seen, torch.from_numpy(where.times))  # [g, n, 2]
    moving = drift.gather(1, owner.flatten(1)[..., None].expand(-1, -1, 2))
    return Labels(
        names=names.to(torch.uint8),
        share=share * shown,
        drift=moving.permute(2, 0, 1).reshape(2, *owner.shape) * shown,
    )


def _drift(seen: Tensor, times: Tensor) -> Tensor:
    """How fast the middle of what is seen of each thing moves [g, n, 2]: to each time from the one before."""
    g, n, h, w = seen.shape
    if g == 1:
        return torch.zeros(g, n, 2)
    mass = seen.sum((2, 3))
    across = (seen.sum(2) * torch.arange(w)).sum(-1) / mass.clamp_min(1) / h
    down = (seen.sum(3) * torch.arange(h)).sum(-1) / mass.clamp_min(1) / h
    middle = torch.stack([across, down], dim=-1)
    speed = middle.diff(dim=0) / times.diff().float()[:, None, None]
    known = ((mass[1:] > 0) & (mass[:-1] > 0))[..., None]
    speed = (speed * known).clamp(-3, 3)
    return torch.cat([speed[:1], speed])
