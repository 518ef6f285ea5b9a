from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import keyframes
from ozora.errors import MediaError, SizeError
from ozora.media import write_image
from ozora.plan import is_kept
from ozora.shapes import VideoShape

SHAPE = VideoShape(frames=25, height=64, width=96, fps=Fraction(12))


def picture(path: Path) -> Path:
    write_image(np.full((32, 48, 3), 90, np.uint8), path)
    return path


def test_pictures_land_on_their_frames(tmp_path: Path) -> None:
    image = picture(tmp_path / "a.png")
    layout = keyframes({Fraction(0): image, Fraction(1): image, SHAPE.duration_s: image}, SHAPE)
    assert [item.frame for item in layout.conditions if is_kept(item)] == [0, 12, 24]
    assert layout.shape == SHAPE


def test_times_out_of_the_clip_and_on_each_other_are_refused(tmp_path: Path) -> None:
    image = picture(tmp_path / "a.png")
    with pytest.raises(SizeError, match="from 0 to"):
        keyframes({Fraction(3): image}, SHAPE)
    with pytest.raises(SizeError, match="two keyframes"):
        keyframes({Fraction(1): image, Fraction(101, 100): image}, SHAPE)
    with pytest.raises(SizeError, match="no keyframes"):
        keyframes({}, SHAPE)
    with pytest.raises(MediaError, match="does not exist"):
        keyframes({Fraction(0): tmp_path / "none.png"}, SHAPE)
