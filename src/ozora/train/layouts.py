"""The layout channels of labelled clips; what they mean is in ``language/layout.py``.

Letters: ``b`` clips, ``g`` latent frames, ``i j`` token rows and columns, ``y x`` rows and columns of cells.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from ozora.language.layout import CELLS, GAIN, codes, palette
from ozora.language.vocabulary import NOUNS


def layout_channels(
    names: Int[Tensor, "b 2 g y x"],
    share: Float[Tensor, "b g y x"],
    drift: Float[Tensor, "b 2 g y x"],
    facing: Float[Tensor, "b 2 g y x"],
) -> Float[Tensor, "b k g i j"]:
    """The channels of labelled cells; see ``labels.py``."""
    who = torch.from_numpy(codes(len(NOUNS) + 1)).float()[names[:, 0].long()].movedim(-1, 1)
    hue = torch.from_numpy(palette()).float()[names[:, 1].long()].movedim(-1, 1)
    cell = torch.cat([torch.ones_like(share)[:, None], who, hue, drift.clamp(-1, 1), facing], dim=1)
    cell = cell * share[:, None] * torch.from_numpy(GAIN).float()[:, None, None, None]
    b, _, g = cell.shape[:3]
    folded = F.pixel_unshuffle(cell.transpose(1, 2).flatten(0, 1), CELLS)
    return folded.view(b, g, *folded.shape[1:]).transpose(1, 2)
