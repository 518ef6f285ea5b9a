from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from ozora.stage.scene import Event, Motion, Scene, Shot, Thing
from tests.stage.stage import HEIGHT, WIDTH, drawn, pixels

BALL = Thing(noun="ball", color="red")
SCENE = Scene(things=(BALL,), place="meadow", events=(Event(kind="paint", at_s=1.0, thing=0, color="blue"),))


def test_scenes_are_values() -> None:
    assert hash(SCENE) == hash(replace(SCENE))
    assert replace(SCENE, seed=1) != SCENE
    with pytest.raises(FrozenInstanceError):
        SCENE.place = "sea"  # type: ignore[misc]


def test_defaults_are_a_thing_at_rest_under_a_resting_camera() -> None:
    assert BALL.motion == Motion(kind="stand", speed=0.8)
    assert SCENE.shots == (Shot(move="static"),)


def test_axes() -> None:
    """x is right in the picture, y up, z toward the camera."""
    drawing = drawn(SCENE)
    middle, right, up = pixels(drawing, 0, np.array([[0.0, 0.78, 0.0], [1.0, 0.78, 0.0], [0.0, 1.78, 0.0]]))
    np.testing.assert_allclose(middle, [WIDTH / 2, HEIGHT / 2], atol=1e-6)
    assert right[0] > middle[0] and up[1] < middle[1]
    near, far = (np.linalg.norm(drawing.view.eye[0] - [0, 0, z]) for z in (1.0, -1.0))
    assert near < far
