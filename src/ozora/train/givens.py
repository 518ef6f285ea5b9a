"""Which latent frames and which parts of a picture are given in training: what the verbs will ask for, at random.

Letters: ``b`` clips, ``g`` latent frames, ``i j`` token rows and columns.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

FIRST_SHARE = 0.4
"""Of the clips with something given, how many have only their first frame; the other kinds share the rest."""


def draw_givens(b: int, g: int, share: float, generator: torch.Generator) -> Float[Tensor, "b g"]:
    """1 where a latent frame is known, at random in ``share`` of the clips; at least one frame of each stays unknown.

    The kinds are those of the design's table: the first frame, a prefix (extend), a suffix (extend backward), first and
    last (keyframes), both ends (connect), any set (recut).
    """
    known = torch.zeros(b, g)
    if g == 1:
        return known
    chance = torch.rand(b, 2, generator=generator)
    cuts = torch.randint(1, g, (b, 2), generator=generator)
    some = (torch.rand(b, g, generator=generator) < 0.4).float()
    for clip in range(b):
        if chance[clip, 0] >= share:
            continue
        kind = 0 if chance[clip, 1] < FIRST_SHARE else 1 + int((chance[clip, 1] - FIRST_SHARE) / (1 - FIRST_SHARE) * 5)
        low, high = sorted(int(cut) for cut in cuts[clip])
        if kind == 0:
            known[clip, 0] = 1
        elif kind == 1:
            known[clip, :low] = 1
        elif kind == 2:
            known[clip, high:] = 1
        elif kind == 3:
            known[clip, [0, -1]] = 1
        elif kind == 4:
            known[clip, :low] = 1
            known[clip, max(high, low + 1) :] = 1
        else:
            known[clip] = some[clip]
        if known[clip].all():
            known[clip, low] = 0
    return known


def draw_passing(b: int, g: int, generator: torch.Generator) -> Float[Tensor, "b g"]:
    """1 where a latent frame of a clip is known that comes from somewhere or leads somewhere: a prefix or a suffix."""
    cuts = torch.randint(1, g, (b, 1), generator=generator)
    forward = torch.rand(b, 1, generator=generator) < 0.6
    return torch.where(forward, torch.arange(g) < cuts, torch.arange(g) >= cuts).float()


def draw_regions(b: int, i: int, j: int, share: float, generator: torch.Generator) -> Float[Tensor, "b i j"]:
    """1 where a token is known in all frames, in ``share`` of the clips: all but a box (edit a region), or a box alone
    (outpaint). A box is at most the picture without a row or a column."""
    known = torch.zeros(b, i, j)
    chance = torch.rand(b, 2, generator=generator)
    rows, columns = (_interval(b, size, generator) for size in (i, j))
    for clip in range(b):
        if chance[clip, 0] < share:
            (top, bottom), (left, right) = rows[clip].tolist(), columns[clip].tolist()
            known[clip, top:bottom, left:right] = 1
            if known[clip].all():
                known[clip, :, -1] = 0
            if chance[clip, 1] < 0.7:
                known[clip] = 1 - known[clip]
    return known


def _interval(b: int, size: int, generator: torch.Generator) -> Tensor:
    """First and last + 1 [b, 2] of intervals of at least one in ``size``."""
    ends = torch.randint(0, size, (b, 2), generator=generator).sort(dim=1).values
    return ends + torch.tensor([0, 1])
