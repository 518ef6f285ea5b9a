from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ozora.stage.drawing import draw
from ozora.stage.scene import Motion, Scene, Shot, Thing
from ozora.stage.screen_motion import measure_drift, measure_facing

TIMES = np.arange(9) / 2 + 0.1
CUBE = Thing(noun="cube", color="red")


def scene(kind: str, *, shots: tuple[Shot, ...] = (Shot(),), yaw: float = 0.0) -> Scene:
    thing = replace(CUBE, motion=Motion(kind=kind, speed=0.9), yaw=yaw)
    return Scene(things=(thing,), place="meadow", shots=shots)


@pytest.mark.parametrize(
    ("kind", "axis", "sign"), [("right", 0, 1), ("left", 0, -1), ("toward", 1, 1), ("away", 1, -1)]
)
def test_drift_points_the_way_a_thing_goes(kind: str, axis: int, sign: int) -> None:
    drift = measure_drift(scene(kind), TIMES[:8], 1.75)[:, 0]
    assert (sign * drift[:, axis] > 0.02).all()
    assert np.abs(drift[:, 1 - axis]).max() < 0.02


def test_drift_is_that_of_the_moment() -> None:
    """In a hop as fast up as it is down again: a mean over half a second would be nothing."""
    hop = 1 / 0.9
    up, down = hop * (0.18 + 0.82 * np.array([0.25, 0.75]))
    drift = measure_drift(scene("jump"), np.array([up, down]), 1.75)[:, 0, 1]
    assert drift[0] < -0.3 and drift[1] == pytest.approx(-drift[0], rel=0.05)
    assert np.abs(measure_drift(scene("spin"), TIMES, 1.75)).max() < 1e-9


def test_a_cut_is_not_a_movement() -> None:
    shots = (Shot(), Shot(start_s=2.0, eye=(3.0, 1.6, 5.0)))
    drift = measure_drift(scene("stand", shots=shots), np.array([1.0, 2.0, 3.0]), 1.75)
    assert np.abs(drift).max() < 1e-9


@pytest.mark.parametrize(("yaw", "facing"), [(0.0, (1, 0)), (180.0, (-1, 0)), (90.0, (0, 1)), (-90.0, (0, -1))])
def test_facing_is_to_the_right_and_away(yaw: float, facing: tuple[float, float]) -> None:
    seen = measure_facing(draw(scene("stand", yaw=yaw), TIMES[:1], 1.75))
    assert seen[0, 0].tolist() == pytest.approx(facing, abs=1e-6)


def test_what_spins_faces_every_way() -> None:
    seen = measure_facing(draw(scene("spin"), TIMES, 1.75))[:, 0]
    assert np.linalg.norm(seen, axis=1) == pytest.approx(np.ones(9))
    assert seen.min() < -0.6 and seen.max() > 0.6
