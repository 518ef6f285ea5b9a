from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ozora.edit import blend
from ozora.edit.blend import CURVES, Curve
from ozora.errors import UserError
from ozora.plan import ClipCondition
from tests.edit.clips import make_clip

HALF = Fraction(1, 2)


def test_both_clips_are_sketches_whose_weights_add_up(tmp_path: Path) -> None:
    first, second = make_clip(tmp_path / "a.mp4", 24), make_clip(tmp_path / "b.mp4", 50, fps=Fraction(25))
    for curve in CURVES.values():
        layout = blend(first, second, curve=curve, strength=HALF)
        assert layout.shape.frames == 24
        one, other = layout.conditions
        assert isinstance(one, ClipCondition) and isinstance(other, ClipCondition)
        assert one.strength == other.strength == HALF
        assert [a + b for (_, a), (_, b) in zip(one.weights, other.weights, strict=True)] == [1] * len(curve)
        assert one.weights[-1][0] == 2


@pytest.mark.parametrize(
    ("curve", "strength", "says"),
    [
        (CURVES["mix"], Fraction(0), "strength"),
        ((), HALF, "curve"),
        (((Fraction(0), Fraction(2)),), HALF, "curve"),
        (((HALF, HALF), (Fraction(0), HALF)), HALF, "must rise"),
    ],
)
def test_wrong_numbers_are_refused(curve: Curve, strength: Fraction, says: str, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24)
    with pytest.raises(UserError, match=says):
        blend(source, source, curve=curve, strength=strength)
