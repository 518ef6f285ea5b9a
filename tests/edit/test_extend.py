from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ozora.edit import extend
from ozora.errors import SizeError
from ozora.plan import is_kept
from tests.edit.clips import make_clip


def test_the_clip_keeps_its_place(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    after = extend(source, after_s=Fraction(1))
    assert after.shape.frames == 25
    assert [item.frame for item in after.conditions if is_kept(item)] == [0]
    both = extend(source, before_s=Fraction(1, 2), after_s=Fraction(1))
    assert both.shape.frames == 31
    assert [item.frame for item in both.conditions if is_kept(item)] == [6]


@pytest.mark.parametrize("seconds", [Fraction(0), Fraction(-1)])
def test_nothing_to_add_is_refused(tmp_path: Path, seconds: Fraction) -> None:
    with pytest.raises(SizeError, match="nothing to add"):
        extend(make_clip(tmp_path / "a.mp4", 5), after_s=seconds)
