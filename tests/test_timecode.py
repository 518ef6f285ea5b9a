from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.timecode import exact, frame_at, rate, time_of

RATES = st.sampled_from([Fraction(8), Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001)])


@pytest.mark.parametrize(
    ("value", "fps"),
    [
        (24, Fraction(24)),
        ("30000/1001", Fraction(30000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (" 12.5 ", Fraction(25, 2)),
        (Fraction(60000, 1001), Fraction(60000, 1001)),
    ],
)
def test_rate(value: str | int | float | Fraction, fps: Fraction) -> None:
    assert rate(value) == fps


@pytest.mark.parametrize("value", [0, -1, "fast", "", "1e-9"])
def test_what_is_no_rate_is_refused(value: str | int) -> None:
    with pytest.raises(ValueError, match=r"."):
        rate(value)


@given(st.integers(0, 10**6), RATES)
def test_a_frame_begins_when_its_time_says_and_ends_when_the_next_begins(frame: int, fps: Fraction) -> None:
    assert frame_at(time_of(frame, fps), fps) == frame
    just_before_s = time_of(frame + 1, fps) - Fraction(1, 10**9)
    assert frame_at(just_before_s, fps) == frame


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4", Fraction(4)),
        (" 2.5 ", Fraction(5, 2)),
        ("-.5", Fraction(-1, 2)),
        ("1/3", Fraction(1, 3)),
        ("7.", Fraction(7)),
    ],
)
def test_numbers_are_exact(text: str, number: Fraction) -> None:
    assert exact(text) == number


@pytest.mark.parametrize("text", ["", "1e999999999", "nan", "inf", "1/0", "1/00", "4 s", "9" * 41, "0x10", "1_0"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        exact(text)
