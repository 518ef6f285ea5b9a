from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import Piece, recut
from ozora.edit.given import read_given
from ozora.errors import SizeError
from ozora.media import read_video
from ozora.plan import Plan, Prompt
from tests.edit.clips import make_clip


def test_pieces_land_where_they_are_put(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    late = Piece(source=source, at_s=Fraction(2), start_s=Fraction(0), end_s=Fraction(1))
    early = Piece(source=source, at_s=Fraction(0), start_s=Fraction(1))
    layout = recut([late, early])
    assert layout.shape.frames == 36
    plan = Plan(prompts=(Prompt(text="a"),), shape=layout.shape, model="maquette", seed=1, conditions=layout.conditions)
    first, second = read_given(plan)
    frames = read_video(source.path)[0]
    assert (first.frame, second.frame) == (0, 24)
    assert np.array_equal(first.pictures, frames[12:]) and np.array_equal(second.pictures, frames[:12])
    assert recut([early], seconds=Fraction(5)).shape.frames == 60


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    whole = Piece(source=source, at_s=Fraction(0))
    with pytest.raises(SizeError, match="no pieces"):
        recut([])
    with pytest.raises(SizeError, match="overlaps"):
        recut([whole, Piece(source=source, at_s=Fraction(1))])
    with pytest.raises(SizeError, match="does not fit"):
        recut([whole], seconds=Fraction(1))
    with pytest.raises(SizeError, match="no piece from 3 s"):
        recut([Piece(source=source, at_s=Fraction(0), start_s=Fraction(3), end_s=Fraction(4))])
