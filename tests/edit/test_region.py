from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import region
from ozora.errors import MediaError, SizeError, UserError
from ozora.media import write_image
from ozora.plan import Box, ClipCondition
from tests.edit.clips import make_clip

BOX = Box(left=Fraction(1, 2))


def test_a_hole_in_the_whole_clip(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    write_image(np.full((64, 96, 3), 255, np.uint8), tmp_path / "mask.png")
    layout = region(source, box=BOX, mask=tmp_path / "mask.png", start_s=Fraction(1, 2), end_s=Fraction(1))
    assert layout.shape == source.shape
    (given,) = layout.conditions
    assert isinstance(given, ClipCondition)
    assert given.hole is not None
    assert (given.hole.box, given.hole.start_s, given.hole.end_s) == (BOX, Fraction(1, 2), Fraction(1))
    assert given.hole.mask.endswith("mask.png") and len(given.hole.sha256) == 64


def test_what_cannot_be_edited_is_said(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    with pytest.raises(UserError, match="no region"):
        region(source)
    with pytest.raises(SizeError, match="not in the picture"):
        region(source, box=Box(left=Fraction(3, 4), right=Fraction(1, 4)))
    for start_s, end_s in ((2, None), (1, 1), (-1, 1)):
        with pytest.raises(SizeError, match="2 s long"):
            region(source, box=BOX, start_s=Fraction(start_s), end_s=None if end_s is None else Fraction(end_s))
    with pytest.raises(MediaError, match="does not exist"):
        region(source, mask=tmp_path / "none.png")


def test_a_mask_that_means_nothing_is_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    write_image(np.zeros((64, 96, 3), np.uint8), tmp_path / "black.png")
    with pytest.raises(UserError, match=r"black\.png is black everywhere"):
        region(source, mask=tmp_path / "black.png")
    tall = make_clip(tmp_path / "tall.mp4", 24, height=96, width=64)
    with pytest.raises(SizeError, match="is 64x96 and the clip 96x64"):
        region(source, mask=Path(tall.path))
