"""A moving clip that costs nothing to make, and what encodes it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.media import VideoWriter


def draw_clip(seed: int, *, frames: int = 12, height: int = 128, width: int = 224) -> NDArray[np.uint8]:
    """A sky above ground of soft noise, and a disk that crosses them [f, h, w, 3]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    texture = np.kron(rng.normal(size=(height // 8 + 1, width // 8 + 1)), np.ones((8, 8)))[:height, :width]
    ground = rows > height * rng.uniform(0.4, 0.7)
    backdrop = np.where(ground, 120 + 12 * texture, 170 + 50 * rows / height)
    color = rng.uniform(0.3, 1, size=3)
    clip = np.empty((frames, height, width, 3), np.float64)
    for index in range(frames):
        disk = (columns - width * (index + 1) / (frames + 1)) ** 2 + (rows - height / 2) ** 2 < (height / 5) ** 2
        clip[index] = np.where(disk[..., None], 200 * color[::-1], backdrop[..., None] * color)
    return np.clip(clip, 0, 255).astype(np.uint8)


def film(path: Path) -> VideoWriter:
    """What encodes such a clip at 12 frames a second."""
    return VideoWriter(path, height=128, width=224, fps=Fraction(12))
