from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ozora.perception.camera import find_camera_motion, find_shots

H, W, F = 64, 112, 12


def texture(seed: int, height: int = 3 * H, width: int = 3 * W) -> Image.Image:
    """Blotches of several sizes."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width))
    for size in (48, 20, 8):
        coarse = Image.fromarray(rng.random((height // size + 1, width // size + 1)).astype(np.float32))
        picture += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray((picture / 3).clip(0, 1).astype(np.float32))


def filmed(x: float, y: float, zoom: float, seed: int = 0) -> NDArray[np.float32]:
    """The texture as a camera sees it that looks ``x y`` pictures away from its middle."""
    middle_x, middle_y = 1.5 * W + x * W, 1.5 * H + y * H
    box = (middle_x - W / 2 / zoom, middle_y - H / 2 / zoom, middle_x + W / 2 / zoom, middle_y + H / 2 / zoom)
    return np.asarray(texture(seed).resize((W, H), Image.Resampling.BICUBIC, box=box), np.float32)


EMPTY = np.ones((F, H, W), bool)
U = np.linspace(0, 1, F)


@pytest.mark.parametrize(
    ("x", "y", "zoom"), [(0.3, 0, 1), (-0.3, 0, 1), (0, 0.2, 1), (0, 0, 1.8), (0, 0, 0.6), (0, 0, 1)]
)
def test_the_way_of_the_camera_is_found(x: float, y: float, zoom: float) -> None:
    clip = np.stack([filmed(x * u, y * u, zoom**u) for u in U])
    found = find_camera_motion(clip, EMPTY)
    assert found.scale[-1] == pytest.approx(zoom, rel=0.05)
    assert found.dx[-1] == pytest.approx(-x * zoom, abs=0.03), "the background goes the other way"
    assert found.dy[-1] == pytest.approx(-y * zoom, abs=0.03)


def test_what_moves_in_front_of_it_does_not_count() -> None:
    clip = np.stack([filmed(0, 0, 1)] * F)
    background = EMPTY.copy()
    for i in range(F):
        clip[i, 20:50, 5 + 5 * i : 35 + 5 * i] = filmed(0.4, 0.4, 2.0)[20:50, 40:70]
        background[i, 20:50, 5 + 5 * i : 35 + 5 * i] = False
    found = find_camera_motion(clip, background)
    assert abs(found.dx[-1]) < 0.02 and abs(found.scale[-1] - 1) < 0.03


def test_without_background_nothing_is_known() -> None:
    clip = np.stack([filmed(0.3 * u, 0, 1) for u in U])
    found = find_camera_motion(clip, ~EMPTY)
    assert np.allclose(found.dx, 0) and np.allclose(found.scale, 1)


def test_a_cut_begins_a_new_shot() -> None:
    clip = np.stack([filmed(0.1 * u, 0, 1, seed=0 if i < 7 else 1) for i, u in enumerate(U)])
    assert find_shots(clip).tolist() == [0] * 7 + [1] * 5
    found = find_camera_motion(clip, EMPTY)
    assert found.dx[7] == 0 and found.dx[6] < -0.03
    assert find_shots(clip[:1]).tolist() == [0]
