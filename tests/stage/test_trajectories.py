from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ozora.language.cast import ACTS
from ozora.language.vocabulary import COLORS, MOTIONS
from ozora.stage.scene import Event, Motion, Scene, Thing
from ozora.stage.trajectories import GRAVITY, Track, drop_height, height, trace
from tests.stage.stage import mover, scene, times

TIMES = times(481)
STEP = TIMES[1]


def alone(thing: Thing) -> Track:
    return trace(scene(thing), TIMES)[0]


def happening(event: Event, *things: Thing) -> tuple[Track, ...]:
    return trace(replace(scene(*things), events=(event,)), TIMES)


@pytest.mark.parametrize(
    ("kind", "axis", "sign", "yaw"),
    [("left", 0, -1, 180), ("right", 0, 1, 0), ("toward", 2, 1, -90), ("away", 2, -1, 90)],
)
def test_travel(kind: str, axis: int, sign: int, yaw: float) -> None:
    track = alone(Thing(noun="car", color="red", x=0.4, z=-0.2, motion=Motion(kind=kind, speed=0.7)))
    steps = np.diff(track.position, axis=0)
    np.testing.assert_allclose(steps[:, axis], sign * 0.7 * STEP)
    np.testing.assert_allclose(np.delete(steps, axis, axis=1), 0.0)
    np.testing.assert_allclose(track.position[240], [0.4, 0.0, -0.2], atol=1e-9)
    assert (track.yaw == yaw).all(), "it faces where it goes"


@pytest.mark.parametrize("kind", MOTIONS)
def test_every_motion_moves_and_none_is_without_numbers(kind: str) -> None:
    target = Thing(noun="tree", color="green", x=0.5)
    first = replace(mover("ball", kind, target=1 if kind in ("orbit", "follow", "hide") else None), x=-1.5)
    track = trace(scene(first, target), TIMES)[0]
    for values in (track.position, track.yaw, track.squash, track.way):
        assert np.isfinite(values).all()
    moves = bool(np.ptp(track.position, axis=0).max() > 0.05 or np.ptp(track.yaw) > 10)
    assert moves == (kind not in ("stand", "follow", *ACTS)), "a tree stands, and so does what follows it"


def test_a_jump_leaves_the_ground_and_comes_back() -> None:
    track = alone(mover("dog", "jump", speed=1.0))
    assert track.position[:, 1].min() == 0.0
    assert track.position[:, 1].max() == pytest.approx(0.85, abs=0.01)
    np.testing.assert_allclose(track.position[::120, 1], 0.0, atol=1e-9)
    assert track.squash.min() < 0.8 < 1.0 < track.squash.max()


def test_a_bounce_is_flattest_on_the_ground() -> None:
    track = alone(mover("ball", "bounce"))
    assert track.position[:, 1].min() >= 0.0
    assert track.position[track.squash.argmin(), 1] < 0.02
    assert track.position[:, 1].max() == pytest.approx(1.25, abs=0.01)


def test_a_spin_turns_on_the_spot() -> None:
    track = alone(mover("robot", "spin", speed=1.0))
    np.testing.assert_allclose(np.diff(track.yaw), 180.0 * STEP)
    assert np.ptp(track.position) == 0.0


def test_a_rise_goes_up() -> None:
    assert (np.diff(alone(mover("rocket", "rise")).position[:, 1]) > 0).all()


@pytest.mark.parametrize("restitution", [0.2, 0.42, 0.8])
def test_a_drop_never_goes_below_ground_and_loses_energy(restitution: float) -> None:
    at = np.linspace(0.0, 6.0, 60001)
    drop = drop_height(at, 2.3, restitution)
    assert drop[0] == pytest.approx(2.3) and drop.min() >= 0.0
    assert np.abs(np.diff(drop)).max() < 1.01 * np.sqrt(2 * GRAVITY * 2.3) * at[1], "no jumps"
    peaks = [2.3, *drop[1:-1][(drop[1:-1] > drop[:-2]) & (drop[1:-1] >= drop[2:])]]
    np.testing.assert_allclose(peaks[1:4], [2.3 * restitution ** (2 * n) for n in (1, 2, 3)], rtol=0.02)
    energy = 0.5 * np.diff(drop) ** 2 / at[1] ** 2 + GRAVITY * (drop[1:] + drop[:-1]) / 2
    arcs = (drop[1:] > 0.01) & (drop[:-1] > 0.01)
    assert (np.diff(energy[arcs]) < 1e-3).all(), "energy is never gained"


def test_what_falls_lies_at_the_end() -> None:
    track = alone(mover("ball", "fall"))
    assert track.position[0, 1] == pytest.approx(2.3)
    assert track.position[-1, 1] < 0.05
    assert track.position[:, 1].min() == 0.0


def test_what_orbits_stays_on_its_ellipse_about_a_moving_thing() -> None:
    middle = mover("car", "right")
    track, target = trace(scene(mover("bird", "orbit", target=1), middle), TIMES)
    x, z = (track.position - target.position)[:, [0, 2]].T
    np.testing.assert_allclose((x / 1.5) ** 2 + (z / 1.1) ** 2, 1.0)
    assert x.min() < -1 < 1 < x.max() and z.min() < -1 < 1 < z.max()


@pytest.mark.parametrize(("way", "sign"), [("left", -1), ("right", 1)])
def test_what_follows_stays_behind(way: str, sign: int) -> None:
    track, target = trace(scene(mover("dog", "follow", target=1), mover("car", way)), TIMES)
    np.testing.assert_allclose((target.position - track.position)[:, 0], sign * 1.55)
    assert (track.yaw == target.yaw).all()


def test_what_hides_ends_behind() -> None:
    hider = replace(mover("dog", "hide", target=1), x=-1.9, z=-0.6)
    track, target = trace(scene(hider, Thing(noun="house", color="red", x=0.3, z=0.2)), TIMES)
    np.testing.assert_allclose(track.position[0], [-1.9, 0.0, -0.6])
    np.testing.assert_allclose(track.position[320:] - target.position[320:], [[0.0, 0.0, -1.0]] * 161, atol=1e-3)


def test_paint_stays() -> None:
    (track,) = happening(Event(kind="paint", at_s=1.5, thing=0, color="blue"), Thing(noun="cube", color="red"))
    np.testing.assert_array_equal(track.color[TIMES <= 1.5], np.tile(COLORS["red"], (181, 1)))
    after = track.color[TIMES >= 1.86]
    np.testing.assert_allclose(after, np.tile(COLORS["blue"], (len(after), 1)))


@pytest.mark.parametrize(("kind", "noun"), [("bite", "cookie"), ("switch on", "lamp")])
def test_a_new_state_stays(kind: str, noun: str) -> None:
    (track,) = happening(Event(kind=kind, at_s=2.0, thing=0), Thing(noun=noun, color="red"))
    np.testing.assert_array_equal(track.state, TIMES >= 2.0)


def test_what_topples_lies_for_good() -> None:
    (track,) = happening(Event(kind="topple", at_s=1.0, thing=0), Thing(noun="tower", color="red"))
    assert (track.pitch[TIMES <= 1.0] == 0).all()
    assert (track.pitch[TIMES > 1.8] == -90.0).all()
    assert (np.diff(track.pitch) <= 0).all()


def test_who_enters_comes_out_again_with_its_color() -> None:
    walker = Thing(noun="dog", color="blue", x=-1.7, z=0.9)
    house = Thing(noun="house", color="red", x=0.2, z=-0.7)
    track, still = happening(Event(kind="enter", at_s=1.7, thing=0, by=1), walker, house)
    np.testing.assert_allclose(track.position[[0, -1]], [[-1.7, 0, 0.9]] * 2)
    inside = track.position[TIMES.searchsorted(2.0)]
    np.testing.assert_allclose(inside, [0.2, 0.0, -0.8])
    assert (track.color == COLORS["blue"]).all()
    assert np.ptp(still.position) == pytest.approx(np.ptp([0.2, 0.0, -0.7]))


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("sizes", [("medium", "medium"), ("large", "small"), ("small", "large")])
def test_momentum_is_kept_in_a_collision(side: float, sizes: tuple[str, str]) -> None:
    first = Thing(noun="cube", color="red", size=sizes[0], x=side * 2.2)
    second = Thing(noun="ball", color="blue", size=sizes[1], x=-side * 0.2)
    hit = 1.5
    moving, pushed = happening(Event(kind="collide", at_s=hit, thing=1, by=0), first, second)
    frame = int(TIMES.searchsorted(hit))
    before, after = (
        [float((track.position[at + 1, 0] - track.position[at, 0]) / STEP) for track in (moving, pushed)]
        for at in (frame - 2, frame)
    )
    masses = [height(thing) ** 3 for thing in (first, second)]
    momentum = [sum(m * v for m, v in zip(masses, speeds, strict=True)) for speeds in (before, after)]
    assert before[1] == 0.0 and side * before[0] < 0
    assert momentum[1] == pytest.approx(momentum[0], rel=0.01)
    assert abs(after[1] - after[0]) == pytest.approx(0.8 * abs(before[0]), rel=0.01), "restitution"
    gap = np.abs(moving.position[:, 0] - pushed.position[:, 0])
    assert gap.min() == pytest.approx(0.5 * (height(first) + height(second)))
    assert gap.argmin() == frame


def test_a_size_is_a_height() -> None:
    small, large = (height(Thing(noun="cone", color="red", size=size)) for size in ("small", "large"))
    assert small < height(Thing(noun="cone", color="red")) < large


def test_a_single_moment_can_be_asked_for() -> None:
    whole = Scene(things=(mover("bird", "orbit", target=1), mover("car", "left")), place="sea")
    for track in trace(whole, np.array([1.3])):
        assert track.position.shape == (1, 3) and np.isfinite(track.yaw).all()
