from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ozora.language.vocabulary import COLORS, FINISHES, NOUNS, TOY_WORLD
from ozora.stage.drawing import SOLID_NAMES, draw
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Event, Thing
from ozora.stage.toys import TINTS, TOYS
from ozora.stage.trajectories import height
from tests.stage.stage import drawn, mover, points, scene, times


@pytest.mark.parametrize("seed", range(25))
def test_random_scenes_are_finite_and_sorted(seed: int) -> None:
    setup, _ = draw_scene(seed, TOY_WORLD)
    drawing = draw(setup, times(), 1.75)
    assert np.isfinite(drawing.matrices).all() and np.isfinite(drawing.paints).all()
    assert np.isfinite(drawing.view.to_clip).all()
    assert (np.diff(drawing.solids) >= 0).all()
    assert drawing.solids.min() >= 0 and drawing.solids.max() < len(SOLID_NAMES)
    assert set(drawing.things) == set(range(1, len(setup.things) + 1))
    assert drawing.matrices.shape == (9, len(drawing.solids), 3, 4)
    assert drawing.matrices.flags.c_contiguous and drawing.paints.flags.c_contiguous
    for part in np.moveaxis(drawing.matrices[..., :3].astype(float), 1, 0):
        assert (np.linalg.det(part) >= 0).all(), "a mirrored part would be seen from inside"


def test_a_scene_without_things_is_drawn() -> None:
    drawing = drawn(scene())
    assert drawing.matrices.shape == (9, 0, 3, 4) and len(drawing.solids) == 0


@pytest.mark.parametrize("noun", TOYS)
def test_a_thing_is_as_high_as_its_noun_says(noun: str) -> None:
    for size in ("small", "large"):
        thing = Thing(noun=noun, color="red", size=size, x=0.5, yaw=70.0)
        top = points(drawn(scene(thing)), 1)[:, 1].max()
        assert top == pytest.approx(height(thing), rel=0.2)


def test_a_thing_stands_where_it_is_and_faces_its_way() -> None:
    """At yaw 0 a car's lamps are at +x, at yaw 90 at -z."""
    for yaw, front in ((0.0, (1, 0, 0)), (90.0, (0, 0, -1)), (180.0, (-1, 0, 0)), (-90.0, (0, 0, 1))):
        drawing = drawn(scene(Thing(noun="car", color="red", x=0.7, z=-0.3, yaw=yaw)))
        glow = np.flatnonzero(np.isclose(drawing.paints[0, :, :3], TINTS["glow"]).all(axis=1))
        (lamp,) = drawing.matrices[0, glow, :, 3]
        toward = lamp - np.array([0.7, lamp[1], -0.3])
        np.testing.assert_allclose(toward / np.linalg.norm(toward), front, atol=1e-5)


def test_squash_keeps_the_volume() -> None:
    drawing = drawn(scene(mover("cube", "jump")), times(40))
    volumes = np.linalg.det(drawing.matrices[:, 0, :, :3].astype(float))
    assert np.ptp(drawing.tracks[0].squash) > 0.2
    np.testing.assert_allclose(volumes, volumes[0], rtol=1e-4)


@pytest.mark.parametrize(("noun", "solid"), [("ball", "cylinder"), ("car", "box")])
def test_what_rolls_turns_as_far_as_it_comes(noun: str, solid: str) -> None:
    """A rim that rolls without sliding: after one circumference it stands as before, after half of one upside down."""
    radius = NOUNS[noun].height * (0.5 if noun == "ball" else 0.22)
    around = 2 * np.pi * radius
    at = 2.0 + np.array([0.0, 0.5, 1.0]) * around / 0.8
    drawing = drawn(scene(mover(noun, "right")), at)
    part = int(np.flatnonzero(drawing.solids == SOLID_NAMES.index(solid))[-1])
    turns = drawing.matrices[:, part, :, :3]
    np.testing.assert_allclose(turns[2], turns[0], atol=5e-3)
    np.testing.assert_allclose(turns[1, :2, :2], -turns[0, :2, :2], atol=5e-3)


@pytest.mark.parametrize("way", ["left", "right"])
def test_what_rolls_has_its_lowest_point_at_rest(way: str) -> None:
    drawing = drawn(scene(mover("ball", way)), np.array([2.0, 2.001]))
    lowest = points(drawing, 1, 0)[:, 1].argmin()
    here, there = points(drawing, 1, 0)[lowest], points(drawing, 1, 1)[lowest]
    assert np.linalg.norm(there - here) < 0.1 * 0.8 * 0.001


@pytest.mark.parametrize(("noun", "kind"), [("cookie", "bite"), ("lamp", "switch on")])
def test_only_the_parts_of_a_state_are_seen(noun: str, kind: str) -> None:
    setup = replace(scene(Thing(noun=noun, color="red")), events=(Event(kind=kind, at_s=2.0, thing=0),))
    drawing = drawn(setup)
    shown = np.abs(drawing.matrices).max(axis=(2, 3)) > 0
    states = sorted(part.state for part in TOYS[noun]())
    assert shown[0].sum() == len(states) - sum(state in ("bitten", "on") for state in states)
    assert shown[-1].sum() == len(states) - sum(state in ("whole", "off") for state in states)
    assert (shown[4:] == shown[-1]).all()


def test_paint_and_finish() -> None:
    drawing = drawn(scene(Thing(noun="cube", color="blue", finish="shiny")))
    np.testing.assert_allclose(drawing.paints[0, 0], [*COLORS["blue"], FINISHES["shiny"]], rtol=1e-6)


@pytest.mark.parametrize("noun", ["tower", "cone", "chair", "lamp"])
@pytest.mark.parametrize("yaw", [0.0, 180.0])
def test_what_has_toppled_lies_on_the_ground(noun: str, yaw: float) -> None:
    thing = Thing(noun=noun, color="red", yaw=yaw)
    drawing = drawn(replace(scene(thing), events=(Event(kind="topple", at_s=0.5, thing=0),)))
    lying = points(drawing, 1, 8)
    assert lying[:, 1].max() < (0.96 if noun == "cone" else 0.75) * height(thing)
    assert lying[:, 1].min() == pytest.approx(0.0, abs=0.12 * height(thing))
    forward = np.cos(np.radians(yaw))
    assert forward * lying[:, 0].mean() > 0.2, "it falls the way that it was pushed"
