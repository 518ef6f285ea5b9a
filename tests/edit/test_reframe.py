from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ozora.edit import reframe
from ozora.errors import SizeError
from ozora.plan import Box, ClipCondition
from tests.edit.clips import make_clip


def test_the_clip_lies_inside_as_large_as_it_fits(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 5, height=64, width=128)
    layout = reframe(source, height=96, width=96)
    assert (layout.shape.height, layout.shape.width, layout.shape.frames) == (96, 96, 5)
    (given,) = layout.conditions
    assert isinstance(given, ClipCondition)
    assert given.into == Box(top=Fraction(1, 4), bottom=Fraction(3, 4))
    (low,) = reframe(source, height=96, width=96, y=Fraction(1)).conditions
    assert isinstance(low, ClipCondition)
    assert low.into == Box(top=Fraction(1, 2))


def test_the_same_shape_or_a_place_outside_is_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 5, height=64, width=128)
    with pytest.raises(SizeError, match="has the shape of the clip"):
        reframe(source, height=128, width=256)
    with pytest.raises(SizeError, match="out of range"):
        reframe(source, height=96, width=96, x=Fraction(2))
