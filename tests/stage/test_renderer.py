from __future__ import annotations

import colorsys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ozora.language.vocabulary import COLORS, TOY_WORLD, WEATHERS
from ozora.stage.drawing import Drawing
from ozora.stage.places import PLACES, TIMES
from ozora.stage.renderer import BATCH, Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Event, Shot, Thing
from tests.stage.stage import HEIGHT, WIDTH, drawn, mover, scene, times

pytestmark = pytest.mark.egl
ONE = np.zeros(1)
BALL = Thing(noun="ball", color="red", y=0.3)


def test_same_seed_same_pixels(renderer: Renderer) -> None:
    other = Renderer(HEIGHT, WIDTH)
    for seed in range(6):
        setup, _ = draw_scene(seed, TOY_WORLD)
        first, again = renderer.render(drawn(setup)), other.render(drawn(setup))
        np.testing.assert_array_equal(first.rgb, again.rgb)
        np.testing.assert_array_equal(first.cover, again.cover)


def test_another_scene_in_between_changes_nothing(renderer: Renderer) -> None:
    setup = scene(mover("car", "left"), place="city street", time="night")
    before = renderer.render(drawn(setup)).rgb
    renderer.render(drawn(replace(scene(BALL, BALL, place="sea"), weather="rain")))
    renderer.locate(drawn(setup))
    renderer.measure_motion(drawn(setup))
    np.testing.assert_array_equal(renderer.render(drawn(setup)).rgb, before)


def test_a_frame_is_the_same_in_a_long_clip_and_alone() -> None:
    small = Renderer(16, 28)
    drawing = drawn(draw_scene(5, TOY_WORLD)[0], times(BATCH + 3))
    clip = small.render(drawing).rgb.astype(int)
    for frame in (0, 1, BATCH - 1, BATCH, BATCH + 2):
        alone = small.render(_still(drawing, frame)).rgb[0]
        assert np.abs(alone - clip[frame]).max() <= 1


def _still(drawing: Drawing, frame: int) -> Drawing:
    one = slice(frame, frame + 1)
    view = replace(drawing.view, to_clip=drawing.view.to_clip[one], eye=drawing.view.eye[one])
    times = drawing.times[one]
    return replace(drawing, times=times, matrices=drawing.matrices[one], paints=drawing.paints[one], view=view)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("time", TIMES)
def test_every_place_at_every_time_is_a_picture(renderer: Renderer, place: str, time: str) -> None:
    picture = renderer.render(drawn(scene(BALL, place=place, time=time), ONE))
    assert picture.rgb.shape == (1, HEIGHT, WIDTH, 3) and picture.cover.shape == (1, HEIGHT, WIDTH)
    background = picture.rgb[0][picture.cover[0] == 0]
    assert 5 < background.mean() < 245 and background.std() > 3


def test_times_and_places_are_told_apart(renderer: Renderer) -> None:
    pictures = [
        renderer.render(drawn(scene(place=place, time=time), ONE)).rgb[0].astype(float)
        for place in PLACES
        for time in TIMES
    ]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert np.abs(one - other).mean() > 2
    brightness = [renderer.render(drawn(scene(time=time), ONE)).rgb.mean() for time in ("day", "sunset", "night")]
    assert brightness[0] > brightness[1] > brightness[2]


def test_every_weather_changes_the_picture_but_not_the_cover(renderer: Renderer) -> None:
    clear = renderer.render(drawn(scene(BALL), ONE))
    for weather in WEATHERS[1:]:
        picture = renderer.render(drawn(replace(scene(BALL), weather=weather), ONE))
        assert np.abs(picture.rgb.astype(float) - clear.rgb).mean() > 2, weather
        np.testing.assert_array_equal(picture.cover, clear.cover)


@pytest.mark.parametrize("weather", ["rain", "snowfall"])
def test_what_falls_from_the_sky_falls(renderer: Renderer, weather: str) -> None:
    frames = renderer.render(drawn(replace(scene(), weather=weather), times(4, 0.5))).rgb
    assert all(np.abs(one.astype(float) - two).mean() > 0.3 for one, two in pairwise(frames))


def inner(mask: np.ndarray) -> np.ndarray:
    """Pixels [f, h, w] whose neighbours are in the mask too: at edges the samples of one may contradict its middle."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.asarray(windows.all(axis=(3, 4)))


@pytest.mark.parametrize("seed", range(8))
def test_cover_agrees_with_the_truth(renderer: Renderer, seed: int) -> None:
    drawing = drawn(draw_scene(seed, TOY_WORLD)[0], times(3))
    cover, thing = renderer.render(drawing).cover, renderer.locate(drawing).thing
    solid, empty = cover == 255, cover == 0
    assert (thing[inner(solid)] > 0).all() and (thing[inner(empty)] == 0).all()
    assert (solid | empty).mean() > 0.8, "edges are thin"
    assert thing.max() <= len(drawing.scene.things)


@pytest.mark.parametrize("name", COLORS)
def test_a_ball_has_its_color(renderer: Renderer, name: str) -> None:
    drawing = drawn(scene(replace(BALL, noun="cube", color=name), place="snow"), ONE)
    color = renderer.render(drawing).rgb[renderer.locate(drawing).thing == 1].mean(axis=0) / 255
    hue, saturation, _ = colorsys.rgb_to_hsv(*color)
    wanted_hue, wanted_saturation, _ = colorsys.rgb_to_hsv(*COLORS[name])
    if wanted_saturation > 0.3:
        assert abs((hue - wanted_hue + 0.5) % 1 - 0.5) < 0.06
        assert saturation > 0.3
    else:
        assert saturation < 0.3
    far = {other: float(np.abs(color - np.array(rgb)).sum()) for other, rgb in COLORS.items()}
    assert sorted(far, key=lambda other: far[other]).index(name) < 3


def test_a_red_ball_is_red(renderer: Renderer) -> None:
    drawing = drawn(scene(BALL, place="meadow"), ONE)
    red, green, blue = renderer.render(drawing).rgb[renderer.locate(drawing).thing == 1].mean(axis=0)
    assert red > 2 * max(green, blue)


def test_a_shadow_darkens_the_ground_away_from_the_sun(renderer: Renderer) -> None:
    bare, full = (renderer.render(drawn(setup, ONE)) for setup in (scene(place="snow"), scene(BALL, place="snow")))
    dark = bare.rgb[0].astype(float).mean(axis=-1) - full.rgb[0].astype(float).mean(axis=-1)
    shadow = (dark > 20) & (full.cover[0] == 0)
    assert shadow.sum() > 40
    assert np.nonzero(shadow)[1].mean() > WIDTH / 2 + 4, "the sun of the day stands to the left"
    assert np.nonzero(shadow)[0].min() > HEIGHT / 3, "only the ground"
    lit = (full.cover[0] == 0) & ~shadow
    assert np.abs(dark[lit]).mean() < 0.5, "nothing else changes"


def test_shiny_things_shine(renderer: Renderer) -> None:
    whitest = []
    for finish in ("matte", "shiny"):
        drawing = drawn(scene(replace(BALL, finish=finish)), ONE)
        inside = renderer.locate(drawing).thing == 1
        whitest.append(int(renderer.render(drawing).rgb.min(axis=-1)[inside].max()))
    assert whitest[1] > whitest[0] + 20


@pytest.mark.parametrize("color", ["green", "white"])
def test_paint_is_seen_and_lasts(renderer: Renderer, color: str) -> None:
    setup = replace(scene(BALL), events=(Event(kind="paint", at_s=1.0, thing=0, color=color),))
    frames = renderer.render(drawn(setup)).rgb
    painted = renderer.render(drawn(scene(replace(BALL, color=color)))).rgb
    assert np.abs(frames[0].astype(float) - painted[0]).mean() > 1
    np.testing.assert_array_equal(frames[4:], painted[4:])


def test_depth_is_the_distance_from_the_eye(renderer: Renderer) -> None:
    drawing = drawn(scene(replace(BALL, x=0.4, z=-1.0, y=0.0)), ONE)
    truth = renderer.locate(drawing)
    seen = truth.depth[truth.thing == 1]
    radius, center = 0.475, np.array([0.4, 0.475, -1.0])
    away = float(np.linalg.norm(drawing.view.eye[0] - center))
    assert seen.min() == pytest.approx(away - radius, abs=0.03)
    assert away - radius < seen.max() < away + 0.05
    assert (truth.depth[truth.thing == 0] == 0).all()


def test_the_nearer_thing_hides_the_other(renderer: Renderer) -> None:
    near, far = Thing(noun="cube", color="red", z=0.6), Thing(noun="ball", color="blue", z=-0.6, size="large")
    truth = renderer.locate(drawn(scene(far, near), ONE))
    alone = renderer.locate(drawn(scene(near), ONE))
    np.testing.assert_array_equal(truth.thing == 2, alone.thing == 1)
    assert 0 < (truth.thing == 1).sum() < (renderer.locate(drawn(scene(far), ONE)).thing == 1).sum()


def test_an_empty_stage_has_no_cover(renderer: Renderer) -> None:
    drawing = drawn(scene())
    assert renderer.render(drawing).cover.max() == 0
    assert renderer.locate(drawing).thing.max() == 0


def test_smoothing_only_softens_edges(renderer: Renderer) -> None:
    sharp = Renderer(HEIGHT, WIDTH, samples=0).render(drawn(scene(BALL), ONE))
    smooth = renderer.render(drawn(scene(BALL), ONE))
    assert set(np.unique(sharp.cover)) == {0, 255}
    assert len(np.unique(smooth.cover)) > 2
    assert np.abs(sharp.rgb.astype(float) - smooth.rgb).mean() < 3


def test_a_cut_changes_the_whole_picture_at_once(renderer: Renderer) -> None:
    shots = (Shot(), Shot(start_s=2.0, eye=(3.4, 1.9, 5.6), fov=26.0))
    frames = renderer.render(drawn(replace(scene(BALL, place="city street"), shots=shots))).rgb.astype(float)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert steps.argmax() == 3 and steps[3] > 10 * np.delete(steps, 3).max()
