"""A drawing of a layout: who will stand where, in flat colors, long before there is a picture.

Letters: ``k`` layout channels, ``i j`` rows and columns of tokens, ``h w`` of pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.language.layout import HUE, unfold_cells

PAPER = np.array([0.86, 0.85, 0.82])
"""The color where nothing stands, 0 to 1."""


def draw_layout(channels: NDArray[np.float64], height: int, width: int) -> NDArray[np.uint8]:
    """A picture [h, w, 3] of the layout [k, i, j] of one latent frame."""
    cells = unfold_cells(channels[:, None])[:, 0]
    share = cells[:1].clip(0, 1)
    color = (cells[HUE] / share.clip(0.05) / 2 + 0.5).clip(0, 1)
    picture = share * color + (1 - share) * PAPER[:, None, None]
    rows, columns = (np.arange(n) * m // n for n, m in zip((height, width), share.shape[1:], strict=True))
    large = picture[:, rows][:, :, columns].transpose(1, 2, 0)
    return np.asarray((large * 255).round(), np.uint8)
