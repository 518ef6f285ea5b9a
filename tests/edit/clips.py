"""Small clips on disk whose frames can be told apart."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from ozora.edit import Source, read_source
from ozora.media import write_video


def make_clip(path: Path, frames: int, *, fps: Fraction = Fraction(12), height: int = 64, width: int = 96) -> Source:
    """A clip that gets brighter."""
    ramp = np.linspace(20, 230, frames).astype(np.uint8)
    write_video(np.broadcast_to(ramp[:, None, None, None], (frames, height, width, 3)).copy(), fps, path)
    return read_source(path)
