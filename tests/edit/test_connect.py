from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ozora.edit import connect, loop
from ozora.errors import SizeError
from ozora.plan import ClipCondition, is_kept
from tests.edit.clips import make_clip


def test_two_clips_lie_at_the_ends(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "a.mp4", 13)
    second = make_clip(tmp_path / "b.mp4", 24, fps=Fraction(24))
    layout = connect(first, second, seconds=Fraction(1))
    assert layout.shape.frames == 13 + 12 + 12
    assert layout.shape.fps == 12
    assert [item.frame for item in layout.conditions if is_kept(item)] == [0, 25]


def test_a_loop_ends_with_its_beginning(tmp_path: Path) -> None:
    layout = loop(make_clip(tmp_path / "a.mp4", 13), seconds=Fraction(1))
    assert layout.shape.frames == 26
    last = layout.conditions[1]
    assert isinstance(last, ClipCondition)
    assert (last.frame, last.start_s, last.end_s) == (25, Fraction(0), Fraction(1, 12))


def test_no_time_between_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SizeError, match="at least"):
        loop(make_clip(tmp_path / "a.mp4", 5), seconds=Fraction(1, 100))
