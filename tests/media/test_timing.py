from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.media.timing import RATES, STILL_RATE, Timing, conform, measure, respace

MS = Fraction(1, 1000)


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(12)])
def test_a_constant_rate_is_recognized_behind_rounded_timestamps(fps: Fraction) -> None:
    ticks = [round(index / fps * 1000) + 40 for index in range(3000)]
    assert measure(ticks, MS, [fps]) == Timing(fps=fps, count=3000, start_s=Fraction(40, 1000))


def test_the_declared_rate_that_holds_is_taken() -> None:
    ticks = [round(index / Fraction(30000, 1001) * 90000) for index in range(3000)]
    timing = measure(ticks, Fraction(1, 90000), [Fraction(30), Fraction(30000, 1001)])
    assert timing.fps == Fraction(30000, 1001)
    assert timing.variable is None


def test_a_variable_rate_comes_to_the_nearest_common_one() -> None:
    ticks = [0, 33, 67, 100, 133, 200, 233, 250, 266, 283, 300, 400]
    timing = measure(ticks, MS, [Fraction(27)])
    assert timing.fps == 30
    assert timing.count == 13
    assert timing.variable is not None
    assert timing.variable[0] < 15 < 58 < timing.variable[1]


@pytest.mark.parametrize("declared", [[], [None], [Fraction(0)], [Fraction(90000)]])
def test_what_cannot_be_measured_has_a_rate_all_the_same(declared: list[Fraction | None]) -> None:
    assert measure([], MS, declared).fps == measure([7], MS, declared).fps == measure([7, 7], MS, declared).fps
    assert measure([7], MS, declared) == Timing(fps=STILL_RATE, count=1, start_s=Fraction(7, 1000))


def test_new_frames_are_what_was_on_screen() -> None:
    timing = Timing(fps=Fraction(10), count=6, start_s=Fraction(2), variable=(1, 20))
    frames = [(Fraction(2), "a"), (Fraction(21, 10), "b"), (Fraction(212, 100), "c"), (Fraction(24, 10), "d")]
    assert list(conform(frames, timing)) == ["a", "c", "c", "c", "d", "d"]


def test_frames_of_a_constant_rate_pass_as_they_are() -> None:
    timing = Timing(fps=Fraction(10), count=3)
    assert list(conform([(None, 1), (None, 2), (Fraction(99), 3), (Fraction(0), 4)], timing)) == [1, 2, 3, 4]


@given(st.lists(st.integers(-(10**6), 10**9), min_size=1, max_size=30), st.integers(0, 60))
def test_there_are_as_many_frames_as_the_timing_says(ticks: list[int], rate: int) -> None:
    timing = measure(ticks, MS, [Fraction(rate)])
    if timing.variable is None or timing.count > 1000:
        return
    assert timing.fps in RATES
    frames = list(conform(((tick * MS, tick) for tick in sorted(ticks)), timing))
    assert len(frames) == timing.count
    assert frames == sorted(frames)


@pytest.mark.parametrize(
    ("fps", "wanted", "shown"), [(12, 24, "aabbcc"), (24, 12, "b"), (24, 24, "abc"), (2, 3, "abbc")]
)
def test_frames_at_another_rate(fps: int, wanted: int, shown: str) -> None:
    assert "".join(respace("abc", Fraction(fps), Fraction(wanted))) == shown
