from __future__ import annotations

import numpy as np
import pytest

from ozora.edit.flatness import TOLERANCE, Flatness
from ozora.edit.given import Given


def gray(level: int, frames: int = 2) -> np.ndarray:
    return np.full((frames, 4, 6, 3), level, np.uint8)


def noise(frames: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (frames, 4, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("level", [0, 128, 255 - TOLERANCE])
def test_one_color_from_end_to_end_is_flat(level: int) -> None:
    flatness = Flatness(())
    for shade in range(TOLERANCE + 1):
        flatness.add(gray(level + shade))
    assert flatness.is_flat


def test_a_colored_clip_is_flat_too_and_a_fade_is_not() -> None:
    red = gray(0)
    red[..., 0] = 250
    flatness = Flatness(())
    flatness.add(red)
    assert flatness.is_flat
    flatness.add(gray(0))
    assert not flatness.is_flat


def test_one_pixel_that_differs_makes_a_film() -> None:
    last = gray(100)
    last[-1, -1, -1, 2] += TOLERANCE + 1
    flatness = Flatness(())
    flatness.add(gray(100))
    flatness.add(last)
    assert not flatness.is_flat


def test_only_what_is_painted_counts() -> None:
    flatness = Flatness((Given(frame=0, pictures=noise()),))
    flatness.add(np.concatenate([noise(), gray(7)]))
    assert flatness.is_flat


def test_only_the_painted_part_of_a_picture_counts() -> None:
    known = np.ones((2, 4, 6), bool)
    known[:, 1:3, 2:4] = False
    pictures = noise()
    pictures[~known] = 50
    flatness = Flatness((Given(frame=0, pictures=pictures, known=known),))
    flatness.add(pictures)
    assert flatness.is_flat
    pictures[1, 1, 2] = 60
    flatness.add(pictures)
    assert not flatness.is_flat


def test_what_only_keeps_is_never_flat() -> None:
    flatness = Flatness((Given(frame=0, pictures=gray(9)),))
    assert not flatness.is_flat
    flatness.add(gray(9))
    assert not flatness.is_flat
