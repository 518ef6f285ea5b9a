from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.media.inbetween import fill

SPEED = 8


def _clip(frames: int = 12) -> list[NDArray[np.uint8]]:
    """A red box moves right by 8 pixels a frame before a gray pattern."""
    pattern = np.random.default_rng(0).integers(40, 200, (8, 16, 1)).repeat(3, axis=2)
    ground = np.kron(pattern, np.ones((16, 16, 1), int)).astype(np.uint8)
    clip = [ground.copy() for _ in range(frames)]
    for index, picture in enumerate(clip):
        picture[40:88, 20 + SPEED * index : 68 + SPEED * index] = (230, 30, 30)
    return clip


def _place(picture: NDArray[np.uint8]) -> float:
    red = picture[64, :, 0].astype(int) - picture[64, :, 1] > 80
    return float(np.flatnonzero(red).mean())


@pytest.mark.parametrize("wanted", [Fraction(48), Fraction(60), Fraction(30), Fraction(60000, 1001)])
def test_things_move_on_between_given_frames(wanted: Fraction) -> None:
    clip, fps = _clip(), Fraction(24)
    filled = list(fill(iter(clip), fps, wanted))
    assert len(filled) == -(-12 * wanted // fps)
    start = _place(clip[0])
    for number, picture in enumerate(filled):
        place = number * fps / wanted
        if place.denominator == 1:
            np.testing.assert_array_equal(picture, clip[int(place)])
        assert abs(_place(picture) - start - SPEED * min(float(place), 11)) < 0.4 * SPEED


def test_a_cut_is_not_mixed() -> None:
    """Nothing between is half of one shot and half of the other."""
    dark, light = np.full((128, 256, 3), 20, np.uint8), np.full((128, 256, 3), 220, np.uint8)
    filled = list(fill(iter([dark] * 6 + [light] * 6), Fraction(24), Fraction(48)))
    levels = [float(picture.mean()) for picture in filled]
    assert len(filled) == 24
    assert sum(40 < level < 200 for level in levels) <= 1


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_few_frames(frames: int) -> None:
    assert len(list(fill(iter(_clip(frames)), Fraction(12), Fraction(24)))) == 2 * frames


def test_a_lower_rate_leaves_frames_out_and_small_pictures_are_repeated() -> None:
    assert len(list(fill(iter(_clip()), Fraction(24), Fraction(12)))) == 6
    small = [picture[:16, :16] for picture in _clip(2)]
    assert len(list(fill(small, Fraction(12), Fraction(24)))) == 4
    assert not list(fill(iter([]), Fraction(12), Fraction(24)))
