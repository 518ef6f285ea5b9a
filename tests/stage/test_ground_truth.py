from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.stage.drawing import Drawing
from ozora.stage.ground_truth import list_events, measure_areas, measure_boxes, observe
from ozora.stage.renderer import BATCH, Renderer
from ozora.stage.scene import Event, Shot, Thing
from ozora.stage.troupe.figure import Member, appear
from ozora.stage.troupe.rotations import Rigid
from tests.stage.stage import HEIGHT, WIDTH, drawn, mover, pixels, points, rays, scene, times

FPS = 12.0
Array = NDArray[np.float64]


def clip(count: int = 5) -> Array:
    """Times around the middle of the scene, where things are where they were put."""
    return 2.0 + (np.arange(count) - count // 2) / FPS


def wanted(drawing: Drawing, frame: int, now: Array, before: Array) -> Array:
    """Pixels that points of the world have come."""
    return pixels(drawing, frame, now) - pixels(drawing, frame - 1, before)


def surface(renderer: Renderer, drawing: Drawing, frame: int) -> Array:
    """Points [h, w, 3] of the things' surface, from the depth of the truth."""
    depth = renderer.locate(drawing).depth[frame]
    return np.asarray(drawing.view.eye[frame] + rays(drawing, frame) * depth[..., None])


@pytest.mark.egl
def test_a_cube_that_moves_left_moves_left_everywhere(renderer: Renderer) -> None:
    drawing = drawn(scene(mover("cube", "left", speed=0.9)), clip())
    motion, thing = renderer.measure_motion(drawing), renderer.locate(drawing).thing
    for frame in (1, 4):
        now = surface(renderer, drawing, frame)
        came = wanted(drawing, frame, now, now + np.array([0.9 / FPS, 0.0, 0.0]))
        inside = thing[frame] == 1
        assert inside.sum() > 50
        np.testing.assert_allclose(motion[frame][inside], came[inside], atol=2e-3)
        assert (motion[frame][inside][:, 0] < -0.5).all()
        assert (motion[frame][~inside] == 0).all(), "the camera rests"


@pytest.mark.egl
def test_a_ball_that_rolls_left(renderer: Renderer) -> None:
    """Its point nearest to the camera lies on the axis of its turning, and so moves as the ball does."""
    straight = Shot(eye=(0.0, 0.475, 6.6), target=(0.0, 0.475, 0.0))
    drawing = drawn(scene(mover("ball", "left", speed=1.2), shot=straight), clip())
    motion = renderer.measure_motion(drawing)
    for frame in (1, 2, 3, 4):
        front = drawing.tracks[0].position[frame] + [0.0, 0.475, 0.475]
        came = wanted(drawing, frame, front, front + np.array([1.2 / FPS, 0.0, 0.0]))
        column, row = np.floor(pixels(drawing, frame, front)).astype(int)
        np.testing.assert_allclose(motion[frame, row, column], came, atol=0.12)
        assert motion[frame, row, column, 0] < -0.5
    above, below = motion[2, HEIGHT // 2 - 5, WIDTH // 2, 0], motion[2, HEIGHT // 2 + 5, WIDTH // 2, 0]
    assert above < motion[2, HEIGHT // 2, WIDTH // 2, 0] < below < 0, "the top is fastest, the foot slowest"


@pytest.mark.egl
@pytest.mark.parametrize("move", ["pan left", "tilt up", "zoom in", "dolly out", "orbit right"])
def test_a_camera_moves_the_ground_and_the_sky(renderer: Renderer, move: str) -> None:
    drawing = drawn(scene(shot=Shot(move=move), place="snow"), times(25))
    motion = renderer.measure_motion(drawing)
    for frame in (1, 12, 24):
        way, eye = rays(drawing, frame), drawing.view.eye[frame]
        reach = np.where(way[..., 1] < -0.03, -eye[1] / np.minimum(way[..., 1], -0.03), 0.0)
        ground = eye + way * reach[..., None]
        near = (reach > 0) & (ground[..., 2] > -30)
        assert near.sum() > 1000
        np.testing.assert_allclose(motion[frame][near], wanted(drawing, frame, ground, ground)[near], atol=5e-3)
        sky = way[..., 1] > 0.02
        far = eye + way * 1e7
        assert sky.sum() > 100
        np.testing.assert_allclose(motion[frame][sky], wanted(drawing, frame, far, far)[sky], atol=5e-3)
        if move == "pan left":
            assert (motion[frame][..., 0] > 0.3).all()


@pytest.mark.egl
def test_the_wall_of_a_room_is_near(renderer: Renderer) -> None:
    drawing = drawn(scene(shot=Shot(move="dolly in"), place="room"), times(25))
    way, eye = rays(drawing, 12), drawing.view.eye[12]
    wall = eye + way * ((-3.2 - eye[2]) / way[..., 2])[..., None]
    seen = wall[..., 1] > 0.05
    motion = renderer.measure_motion(drawing)[12]
    np.testing.assert_allclose(motion[seen], wanted(drawing, 12, wall, wall)[seen], atol=5e-3)


@pytest.mark.egl
def test_the_motion_leads_from_one_picture_to_the_next(renderer: Renderer) -> None:
    setup = scene(
        mover("cone", "toward", speed=0.8), Thing(noun="house", color="blue", x=1.4), shot=Shot(move="pan left")
    )
    drawing = drawn(setup, clip(9))
    rgb, motion = renderer.render(drawing).rgb.astype(float), renderer.measure_motion(drawing)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    errors, still = [], []
    for frame in range(1, 9):
        from_x, from_y = x - motion[frame, ..., 0], y - motion[frame, ..., 1]
        inside = (from_x >= 0) & (from_x <= WIDTH - 1) & (from_y >= 0) & (from_y <= HEIGHT - 1)
        old = rgb[frame - 1][from_y[inside].round().astype(int), from_x[inside].round().astype(int)]
        errors.append(np.abs(old - rgb[frame][inside]).mean())
        still.append(np.abs(rgb[frame - 1][inside] - rgb[frame][inside]).mean())
    assert np.mean(errors) < 0.5 * np.mean(still)


@pytest.mark.egl
def test_nothing_has_come_anywhere_in_the_first_frame_and_at_a_cut(renderer: Renderer) -> None:
    shots = (Shot(move="pan left"), Shot(start_s=2.0, eye=(3.4, 1.9, 5.6), fov=26.0, move="pan left"))
    drawing = drawn(replace(scene(mover("cube", "left")), shots=shots), clip())
    moved = renderer.measure_motion(drawing).any(axis=(1, 2, 3))
    assert moved.tolist() == [False, True, False, True, True]


@pytest.mark.egl
def test_a_new_state_is_no_motion(renderer: Renderer) -> None:
    bitten = replace(scene(Thing(noun="cookie", color="brown")), events=(Event(kind="bite", at_s=2.0, thing=0),))
    assert not renderer.measure_motion(drawn(bitten, clip())).any()


@pytest.mark.egl
def test_long_clips_are_measured_whole() -> None:
    small = Renderer(16, 28)
    drawing = drawn(scene(mover("cube", "right", speed=0.3)), np.linspace(0, 4, BATCH + 4))
    motion, thing = small.measure_motion(drawing), small.locate(drawing).thing
    ways = [motion[frame, ..., 0][thing[frame] == 1].mean() for frame in range(1, BATCH + 4)]
    np.testing.assert_allclose(ways, np.mean(ways), rtol=0.15)
    assert np.mean(ways) > 0.05


def _square() -> Member:
    """A white square of one bone from -0.5 to 0.5 across and 0 to 1 up; it faces +z when it looks along +x."""
    positions = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0.5, 1, 0], [-0.5, 1, 0]], np.float32)
    return Member(
        name="square",
        noun="square",
        family="person",
        traits=(),
        height_m=1.0,
        positions=positions,
        normals=np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        uvs=np.zeros((4, 2), np.float32),
        layers=np.zeros(4, np.uint8),
        bones=np.zeros((4, 4), np.uint8),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1)),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], np.uint32),
        bind=Rigid(places=np.zeros((1, 3), np.float32), turns=np.array([[0, 0, 0, 1]], np.float32)),
        pictures=np.full((1, 4, 4, 4), 255, np.uint8),
        dyed=np.zeros(1, np.bool_),
        dye=(1.0, 1.0, 1.0),
        dye_share=0.0,
        clips={},
    )


@pytest.mark.egl
def test_figures_move_too(renderer: Renderer) -> None:
    drawing = drawn(scene(shot=Shot(eye=(0.0, 0.5, 6.0), target=(0.0, 0.5, 0.0))), clip())
    placements = np.tile(np.eye(3, 4), (5, 1, 1))
    placements[:, 0, 3] = 0.1 * np.arange(5)
    figures = (appear(_square(), "rest", drawing.times, placements, thing=1),)
    drawing = replace(drawing, figures=figures)
    motion, truth = renderer.measure_motion(drawing), renderer.locate(drawing)
    shown = truth.thing[3] == 1
    assert shown.sum() > 100
    zero, one = pixels(drawing, 3, np.array([[0.0, 0.5, 0.0], [0.1, 0.5, 0.0]]))
    np.testing.assert_allclose(motion[3][shown], np.tile(one - zero, (shown.sum(), 1)), atol=5e-3)
    assert (motion[3][~shown] == 0).all()


@pytest.mark.egl
def test_observations_hold_together(renderer: Renderer) -> None:
    drawing = drawn(scene(mover("cube", "left"), Thing(noun="ball", color="blue", x=1.2, z=-0.5)), clip())
    found = observe(renderer, drawing)
    assert found.thing.shape == found.depth.shape == (5, HEIGHT, WIDTH)
    assert found.motion.shape == (5, HEIGHT, WIDTH, 2)
    assert found.boxes.shape == (5, 2, 4) and found.areas.shape == (5, 2) and found.happened.shape == (5, 0)
    assert (np.diff(found.boxes[:, 0, 0]) < 0).all(), "the cube goes left"
    assert (np.diff(found.boxes[:, 1], axis=0) == 0).all(), "the ball rests"
    for frame in (0, 4):
        corners = pixels(drawing, frame, points(drawing, 1, frame))
        edges = [*corners.min(axis=0), *corners.max(axis=0)]
        np.testing.assert_allclose(found.boxes[frame, 0], edges, atol=1.0)


def test_boxes_and_areas() -> None:
    thing = np.zeros((2, 6, 8), np.uint8)
    thing[0, 1:4, 2:7] = 1
    thing[0, 3:, 6:] = 2
    boxes = measure_boxes(thing, 3)
    assert boxes.tolist() == [[[2, 1, 7, 4], [6, 3, 8, 6], [0, 0, 0, 0]], [[0, 0, 0, 0]] * 3]
    assert measure_areas(thing, 3).tolist() == [[14, 6, 0], [0, 0, 0]]


def test_what_has_happened_stays_so() -> None:
    events = (Event(kind="bite", at_s=1.0, thing=0), Event(kind="paint", at_s=2.5, thing=0, color="red"))
    happened = list_events(replace(scene(), events=events), times(5))
    assert happened.tolist() == [[False, False], [True, False], [True, False], [True, True], [True, True]]
