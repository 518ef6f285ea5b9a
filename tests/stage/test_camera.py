from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.language.vocabulary import CAMERAS
from ozora.stage.camera import FAR_M, NEAR_M, View, film, shadow_view, shot_index
from ozora.stage.places import TIMES as DAYLIGHTS
from ozora.stage.scene import Scene, Shot, Thing
from ozora.stage.trajectories import trace
from tests.stage.stage import mover, scene, times

TIMES = times(49)
TARGET = (0.0, 0.78, 0.0)
BALL = Thing(noun="ball", color="red")
Array = NDArray[np.float64]


def view(setup: Scene, aspect: float = 1.75) -> View:
    return film(setup, TIMES, trace(setup, TIMES), aspect)


def move(name: str, thing: Thing = BALL) -> View:
    return view(scene(thing, shot=Shot(move=name)))


def seen(camera: View, point: tuple[float, float, float]) -> Array:
    """x, y and z in normalized device coordinates, [f, 3]."""
    clip = camera.to_clip @ np.array([*point, 1.0])
    return np.asarray(clip[:, :3] / clip[:, 3:])


def test_a_static_camera_looks_at_its_target() -> None:
    camera = move("static")
    assert (camera.to_clip == camera.to_clip[0]).all()
    np.testing.assert_allclose(seen(camera, TARGET)[:, :2], 0.0, atol=1e-12)


def test_near_and_far_are_the_ends_of_the_depth_range() -> None:
    camera = view(scene(BALL, shot=Shot(eye=(0, 1, 5), target=(0, 1, 0))))
    assert seen(camera, (0, 1, 5 - NEAR_M))[0, 2] == pytest.approx(-1.0)
    assert seen(camera, (0, 1, 5 - FAR_M))[0, 2] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "axis", "sign"), [("pan left", 0, 1), ("pan right", 0, -1), ("tilt up", 1, -1), ("tilt down", 1, 1)]
)
def test_what_stands_moves_against_the_camera(name: str, axis: int, sign: int) -> None:
    camera = move(name)
    way = seen(camera, TARGET)
    assert (sign * np.diff(way[:, axis]) > 0).all()
    np.testing.assert_allclose(camera.eye, np.tile(camera.eye[0], (49, 1)))
    np.testing.assert_allclose(way[24, :2], 0.0, atol=1e-9)


@pytest.mark.parametrize(("name", "sign"), [("zoom in", 1), ("zoom out", -1), ("dolly in", 1), ("dolly out", -1)])
def test_what_comes_closer_grows(name: str, sign: int) -> None:
    camera = move(name)
    assert (sign * np.diff(seen(camera, (1.0, 0.78, 0.0))[:, 0]) > 0).all()
    away = np.linalg.norm(camera.eye - TARGET, axis=1)
    if name.startswith("dolly"):
        assert (sign * np.diff(away) < 0).all()
    else:
        np.testing.assert_allclose(away, away[0])


@pytest.mark.parametrize(("name", "sign"), [("orbit left", 1), ("orbit right", -1)])
def test_an_orbit_keeps_its_distance_and_its_target(name: str, sign: int) -> None:
    camera = move(name)
    np.testing.assert_allclose(np.linalg.norm(camera.eye - TARGET, axis=1), np.linalg.norm(camera.eye[0] - TARGET))
    np.testing.assert_allclose(seen(camera, TARGET)[:, :2], 0.0, atol=1e-9)
    assert (sign * np.diff(camera.eye[:, 0]) < 0).all()


@pytest.mark.parametrize("way", ["left", "right"])
def test_a_camera_that_follows_keeps_the_thing_in_place(way: str) -> None:
    thing = mover("car", way)
    camera, (track,) = move("follow", thing), trace(scene(thing), TIMES)
    points = np.concatenate([track.position, np.ones((49, 1))], axis=1)
    clip = np.einsum("fij,fj->fi", camera.to_clip, points)
    np.testing.assert_allclose(clip[:, 0] / clip[:, 3], clip[0, 0] / clip[0, 3], atol=1e-9)
    assert np.ptp(camera.eye[:, 0]) > 2


def test_a_cut_is_where_it_was_said() -> None:
    shots = (Shot(), Shot(start_s=2.0, eye=(3.4, 1.9, 5.6), fov=26.0))
    cut = replace(scene(BALL), shots=shots)
    camera = view(cut)
    np.testing.assert_allclose(camera.eye[:24], [shots[0].eye] * 24)
    np.testing.assert_allclose(camera.eye[24:], [shots[1].eye] * 25)
    np.testing.assert_array_equal(shot_index(cut, TIMES), TIMES >= 2.0)


def test_each_shot_has_its_own_time() -> None:
    shots = (Shot(move="pan left"), Shot(start_s=2.0, move="pan left"))
    way = seen(view(replace(scene(BALL), shots=shots)), TARGET)[:, 0]
    np.testing.assert_allclose(way[:24], way[24:48], atol=1e-9)


@pytest.mark.parametrize("aspect", [1.55, 1.75, 2.4])
def test_wide_pictures_show_more_to_the_sides(aspect: float) -> None:
    edge = seen(view(scene(BALL), aspect), (1.0, 0.78, 0.0))[0, 0]
    reference = seen(view(scene(BALL), 1.55), (1.0, 0.78, 0.0))[0, 0]
    assert edge == pytest.approx(reference * 1.55 / aspect)


@pytest.mark.parametrize("aspect", [0.5, 4 / 7, 1.0])
@pytest.mark.parametrize("x", [0.0, 0.7, 1.2])
def test_narrow_pictures_are_filmed_as_near_as_their_things_allow(aspect: float, x: float) -> None:
    things = (replace(BALL, x=-x), replace(BALL, x=x, color="blue"))
    narrow = view(scene(*things), aspect)
    edges = [abs(float(seen(narrow, (side * (x + 0.2), 0.3, 0.0))[0, 0])) for side in (-1, 1)]
    assert max(edges) < 1, "inside, with their sides"
    alone = view(scene(BALL), aspect)
    assert (x < 1) == (edge_of(alone) == pytest.approx(edge_of(narrow))), "nearer to one than to two far apart"
    assert edge_of(narrow) >= edge_of(view(scene(BALL), 1.55)) - 1e-6, "never farther than a wide picture's things"


def edge_of(one: View) -> float:
    """How far to the side a place a meter from the middle is seen."""
    return float(seen(one, (1.0, 0.78, 0.0))[0, 0])


@pytest.mark.parametrize("name", CAMERAS)
def test_every_camera_keeps_the_stage_in_sight(name: str) -> None:
    assert (np.abs(seen(move(name), TARGET)) < 1).all()


@pytest.mark.parametrize("name", DAYLIGHTS)
def test_the_sun_sees_the_stage(name: str) -> None:
    to_clip = shadow_view(DAYLIGHTS[name].sun)
    corners = np.array([[x, y, z, 1.0] for x in (-2, 2) for y in (0, 1.8) for z in (-2, 2)])
    assert (np.abs(corners @ to_clip.T)[:, :3] < 1).all()
    along = to_clip @ np.array([*(np.array(DAYLIGHTS[name].sun) * 0.7), 0.0])
    np.testing.assert_allclose(along[:2], 0.0, atol=1e-9)
    assert along[2] < 0, "what is nearer to the sun comes first"
