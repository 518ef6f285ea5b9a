"""Seams: whether one sees where given frames end and painted ones begin."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def seam_jump(frames: NDArray[np.uint8], seams: Iterable[int]) -> float:
    """The largest change into a frame of ``seams``, in medians of the change between frames of the clip [f, h, w, 3].

    A clip that stands still has a median of less than half a gray level, which is then taken for one half.
    """
    change = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean(axis=(1, 2, 3))
    return max(float(change[seam - 1]) for seam in seams) / max(float(np.median(change)), 0.5)
