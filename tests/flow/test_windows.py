from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.flow.windows import Window, split


def test_what_fits_is_one_window() -> None:
    assert split([False] * 9, size=9, context=3) == (Window(first=0, size=9),)
    assert split([True], size=9, context=3) == (Window(first=0, size=1),)


def test_a_long_canvas_is_painted_with_its_past_in_view() -> None:
    windows = split([False] * 21, size=9, context=3)
    assert [window.first for window in windows] == [0, 6, 12]


def test_a_given_past_and_future_are_not_painted_again() -> None:
    known = [True] * 10 + [False] * 4 + [True] * 10
    assert split(known, size=9, context=3) == (Window(first=7, size=9),)


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
