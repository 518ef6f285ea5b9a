from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.flow.windows import Shot, Window, cut, split
from ozora.shapes import VideoShape


def test_what_fits_is_one_window() -> None:
    assert split([False] * 9, size=9, context=3) == (Window(first=0, size=9, stop=9, opens=True),)
    assert split([True], size=9, context=3) == (Window(first=0, size=1, stop=1, opens=True),)


def test_another_prompt_is_painted_by_a_window_of_its_own() -> None:
    first, second = split([False] * 9, size=9, context=3, breaks=[5], offset=4)
    assert first == Window(first=4, size=9, stop=9, opens=True)
    assert second == Window(first=4, size=9, stop=13, opens=True), "what was painted for the first is its past"
    later = split([False] * 21, size=9, context=3, breaks=[12])
    assert [(window.first, window.stop) for window in later] == [(0, 9), (6, 12), (9, 18), (12, 21)]


def test_shots_have_latent_frames_of_their_own() -> None:
    shape = VideoShape(frames=49, height=128, width=224, fps=Fraction(12))
    assert cut(shape, [], time=6) == (Shot(first=0, frames=49, group=0, groups=9),)
    assert cut(shape, [Fraction(2), Fraction(3)], time=6) == (
        Shot(first=0, frames=24, group=0, groups=5),
        Shot(first=24, frames=12, group=5, groups=3),
        Shot(first=36, frames=13, group=8, groups=3),
    )
    assert len(cut(shape, [Fraction(0), Fraction(9)], time=6)) == 1, "a cut outside changes nothing"


def test_a_long_canvas_is_painted_with_its_past_in_view() -> None:
    windows = split([False] * 21, size=9, context=3)
    assert [window.first for window in windows] == [0, 6, 12]


def test_a_given_past_and_future_are_not_painted_again() -> None:
    known = [True] * 10 + [False] * 4 + [True] * 10
    assert split(known, size=9, context=3) == (Window(first=7, size=9, stop=16, opens=False),)


def test_a_small_window_still_gets_on() -> None:
    assert [window.first for window in split([False] * 6, size=3, context=3)] == [0, 1, 2, 3]


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_windows_cover_everything_unknown(known: list[bool]) -> None:
    windows = split(known, size=9, context=3)
    covered = {place for window in windows for place in range(window.first, window.first + window.size)}
    assert {place for place, given_ in enumerate(known) if not given_} <= covered
    assert max(covered, default=0) < len(known)
    assert len(windows) <= 1 + len(known) // 3


@pytest.mark.parametrize("frames", [10, 15, 121])
def test_every_later_window_has_context(frames: int) -> None:
    windows = split([False] * frames, size=9, context=3)
    for before, after in pairwise(windows):
        assert before.first + before.size - after.first >= 3
