from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.evaluate.prompts import test_prompts
from ozora.evaluate.truth import true_maps
from ozora.language.cast import kind
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.vocabulary import SMALL
from ozora.perception.camera import CameraMotion
from ozora.perception.tracking import ParsedClip, Track, track_things
from ozora.perception.verifiers import CAMERA, MOTION, VERIFIERS, cast, steady, verify
from ozora.stage.renderer import Renderer

Curve = NDArray[np.float64]
F = 24
U = np.linspace(0.0, 1.0, F)
STILL = np.zeros(F)


def thing(
    noun: str, color: str, *, x: Curve, bottom: Curve | None = None, side: Curve | None = None, seen: int = F
) -> Track:
    """A square track from curves [f]; seen in its first ``seen`` frames."""
    side = np.full(F, 0.1) if side is None else side
    bottom = np.full(F, 0.7) if bottom is None else bottom
    hidden = np.arange(F) >= seen
    box = np.stack([x - side / 2, bottom - 1.75 * side, x + side / 2, bottom], axis=1)
    box[hidden] = np.nan
    x, y, area = (np.where(hidden, np.nan, values) for values in (x, bottom - 0.875 * side, 1.75 * side**2))
    return Track(
        noun=noun,
        color=color,
        kinds=tuple(frozenset({kind(noun)} if i < seen else ()) for i in range(F)),
        hues=tuple(frozenset({color} if i < seen else ()) for i in range(F)),
        colors=tuple(color if i < seen else "" for i in range(F)),
        x=x,
        y=y,
        box=box,
        area=area,
        crops=np.zeros((F, 12, 12)),
    )


def clip(
    *tracks: Track,
    place: str = "snow",
    time: str = "night",
    weather: str = "clear",
    camera: CameraMotion | None = None,
) -> ParsedClip:
    camera = CameraMotion.still(F) if camera is None else camera
    return ParsedClip(frames=F, tracks=tracks, place=place, time=time, weather=weather, camera=camera)


def moving(*, dx: Curve = STILL, dy: Curve = STILL, scale: Curve | None = None, cut: int = F) -> CameraMotion:
    """A camera from curves [f]; ``cut`` begins its second shot."""
    shot = (np.arange(F) >= cut).astype(np.int64)
    return CameraMotion(dx=dx, dy=dy, scale=np.ones(F) if scale is None else scale, shot=shot)


def holds(text: str, parsed: ParsedClip) -> dict[str, bool | None]:
    """Verdicts by kind and value; an ``exists`` by its thing's noun."""
    statement = parse_prompt(text).statement
    return {
        f"{v.fact.kind} {v.fact.value or statement.things[v.fact.subject or 0].noun}": v.holds
        for v in verify(statement, parsed)
    }


def test_a_thing_exists_in_its_color_only() -> None:
    parsed = clip(thing("ball", "red", x=STILL + 0.5))
    assert holds("a red ball", parsed) == {"exists ball": True}
    assert holds("a ball", parsed) == {"exists ball": True}
    assert holds("a blue ball", parsed) == {"exists ball": False}
    assert holds("a red cube", parsed) == {"exists cube": False}


def test_a_thing_that_vanishes_in_the_open_does_not_exist() -> None:
    assert holds("a red ball", clip(thing("ball", "red", x=STILL + 0.5, seen=12))) == {"exists ball": False}


def test_hidden_frames_do_not_count() -> None:
    ball, cube = thing("ball", "red", x=STILL + 0.5, seen=12), thing("cube", "blue", x=STILL + 0.52)
    assert holds("a red ball behind a blue cube", clip(ball, cube))["exists ball"] is True


def test_a_ghost_within_another_thing_does_not_exist() -> None:
    ghost, cube = thing("ball", "red", x=STILL + 0.5, seen=2), thing("cube", "blue", x=STILL + 0.5)
    assert holds("a red ball", clip(ghost, cube)) == {"exists ball": False}


def test_frames_outside_the_picture_do_not_count() -> None:
    ball = thing("ball", "red", x=0.4 - 0.8 * U, seen=12)
    assert holds("a red ball rolls left", clip(ball)) == {"exists ball": True, "motion left": True}


def test_counts_are_exact() -> None:
    balls = [thing("ball", "red", x=STILL + x) for x in (0.2, 0.5, 0.8)]
    assert holds("three red balls", clip(*balls)) == {"exists ball": True}
    assert holds("two red balls", clip(*balls)) == {"exists ball": False}
    assert holds("four red balls", clip(*balls)) == {"exists ball": False}


@pytest.mark.parametrize(
    ("motion", "track"),
    [
        ("left", thing("dog", "red", x=0.7 - 0.4 * U)),
        ("right", thing("dog", "red", x=0.3 + 0.4 * U)),
        ("toward", thing("dog", "red", x=STILL + 0.5, side=0.08 + 0.05 * U)),
        ("away", thing("dog", "red", x=STILL + 0.5, side=0.13 - 0.05 * U)),
        ("stand", thing("dog", "red", x=STILL + 0.5)),
        ("jump", thing("dog", "red", x=STILL + 0.5, bottom=0.7 - 0.2 * np.abs(np.sin(9 * U)))),
        ("fall", thing("dog", "red", x=STILL + 0.5, bottom=np.minimum(0.3 + U, 0.8))),
        ("rise", thing("dog", "red", x=STILL + 0.5, bottom=0.8 - 0.5 * U)),
    ],
)
def test_motions_are_told_apart(motion: str, track: Track) -> None:
    statement = Statement(
        things=(Ref(noun="dog", color="red"),),
        facts=tuple(Fact(kind="motion", value=value, subject=0) for value in MOTION if value not in ("bounce", "spin")),
    )
    found = {verdict.fact.value for verdict in verify(statement, clip(track)) if verdict.holds}
    assert motion in found
    assert found <= {motion, "jump"} if motion in ("fall", "rise") else found == {motion}


def test_sides() -> None:
    parsed = clip(thing("ball", "red", x=STILL + 0.3), thing("cube", "blue", x=STILL + 0.7))
    assert holds("a red ball to the left of a blue cube", parsed)["relation left"] is True
    assert holds("a red ball to the right of a blue cube", parsed)["relation right"] is False


def test_front_is_lower_in_the_picture() -> None:
    parsed = clip(
        thing("ball", "red", x=STILL + 0.5, bottom=STILL + 0.8),
        thing("cube", "blue", x=STILL + 0.5, bottom=STILL + 0.6),
    )
    assert holds("a red ball in front of a blue cube", parsed)["relation front"] is True
    assert holds("a red ball behind a blue cube", parsed)["relation behind"] is False


def test_setting() -> None:
    assert holds("in the snow at night", clip()) == {"place snow": True, "time night": True}
    assert holds("in the desert by day", clip()) == {"place desert": False, "time day": False}


def test_what_cannot_be_settled_is_none() -> None:
    parsed = clip(thing("ball", "red", x=STILL + 0.5), thing("cube", "blue", x=STILL + 0.7))
    assert holds("a red ball spins", parsed)["motion spin"] is None
    assert holds("a red ball follows a blue cube", parsed)["motion follow"] is None


def test_weather_is_seen() -> None:
    assert holds("in the rain", clip(weather="rain")) == {"weather rain": True}
    assert holds("in the rain", clip()) == {"weather rain": False}


def test_a_kind_is_asked_for_and_not_its_variant() -> None:
    parsed = clip(thing("brown horse", "brown", x=STILL + 0.5))
    assert holds("a horse", parsed)["exists " + next(iter(parse_prompt("a horse").statement.things)).noun] is True
    toy = clip(thing("horse", "red", x=STILL + 0.5))
    assert set(holds("a white horse", toy).values()) == {False}, "a toy horse is not a horse"


@pytest.mark.parametrize(
    ("said", "camera", "x"),
    [
        ("the camera pans left", moving(dx=0.4 * U), 0.5 + 0.4 * U),
        ("the camera pans right", moving(dx=-0.4 * U), 0.5 - 0.4 * U),
        ("the camera circles to the left", moving(dx=-0.4 * U), STILL + 0.5),
        ("the camera circles to the right", moving(dx=0.4 * U), STILL + 0.5),
        ("the camera tilts up", moving(dy=0.4 * U), STILL + 0.5),
        ("the camera tilts down", moving(dy=-0.4 * U), STILL + 0.5),
        ("the camera zooms in", moving(scale=1 + U), STILL + 0.5),
        ("the camera zooms out", moving(scale=1 / (1 + U)), STILL + 0.5),
        ("cut to a second camera", moving(cut=10), STILL + 0.5),
    ],
)
def test_cameras_are_told_apart(said: str, camera: CameraMotion, x: Curve) -> None:
    (fact,) = (fact for fact in parse_prompt(f"a red ball, {said}").statement.facts if fact.kind == "camera")
    others = [value for value in CAMERA if value.partition(" ")[2] not in ("in", "out") or value == fact.value]
    statement = Statement(
        things=(Ref(noun="ball", color="red"),),
        facts=tuple(Fact(kind="camera", value=value) for value in others),
    )
    verdicts = verify(statement, clip(thing("ball", "red", x=x), camera=camera))
    assert {verdict.fact.value for verdict in verdicts if verdict.holds} == {fact.value}


def test_what_moves_is_told_from_what_the_camera_moves() -> None:
    pan = moving(dx=-0.4 * U)
    carried, keeping = thing("dog", "red", x=0.7 - 0.4 * U), thing("dog", "red", x=STILL + 0.5)
    assert holds("a red dog stands still", clip(carried, camera=pan))["motion stand"] is True
    assert holds("a red dog runs right", clip(keeping, camera=pan))["motion right"] is True
    zoom = moving(scale=1 + U)
    grown = thing("dog", "red", x=STILL + 0.5, bottom=0.5 + 0.1 * (1 + U), side=0.08 * (1 + U))
    assert holds("a red dog comes closer", clip(grown, camera=zoom))["motion toward"] is False


def test_shots_are_joined() -> None:
    x = np.where(U < 0.5, 0.3 + 0.4 * U, 0.1 + 0.4 * U)
    found = steady(thing("dog", "red", x=x), moving(cut=F // 2))
    assert np.abs(np.diff(found.x)).max() < 0.03 and found.x[-1] > 0.6


def test_what_is_painted_changes_its_color() -> None:
    ball = thing("ball", "red", x=STILL + 0.5)
    painted = replace(ball, colors=("red",) * 10 + ("blue",) * 14)
    assert holds("a red ball is painted blue", clip(painted))["event paint blue"] is True
    assert holds("a red ball is painted blue", clip(ball))["event paint blue"] is False


def test_spinning_changes_the_picture_in_place() -> None:
    cube = thing("cube", "blue", x=STILL + 0.5)
    assert holds("a blue cube spins", clip(cube))["motion spin"] is False
    waves = 0.5 + 0.1 * np.sin(9 * U[:, None, None] + np.arange(12))
    turned = replace(cube, crops=np.broadcast_to(waves, (F, 12, 12)))
    assert holds("a blue cube spins", clip(turned))["motion spin"] is True


def test_facts_on_missing_things_fail() -> None:
    found = holds("a red ball rolls left past a blue cube", clip())
    assert found == {"exists ball": False, "exists cube": False, "motion left": False}


def test_each_track_plays_one_thing() -> None:
    red, blue = thing("ball", "red", x=STILL + 0.3), thing("ball", "blue", x=STILL + 0.7)
    statement = parse_prompt("a blue ball to the right of a red ball").statement
    assert cast(statement, clip(red, blue)) == ((blue,), (red,))


def test_every_kind_of_fact_has_a_verifier() -> None:
    kinds = {"exists", "motion", "relation", "event", "place", "time", "weather", "camera"}
    assert set(VERIFIERS) == kinds


@pytest.mark.egl
def test_true_scenes_hold_their_facts(renderer: Renderer) -> None:
    """With a perfect parser nothing true is refused."""
    for prompt in test_prompts(SMALL, held_out=False, count=9):
        times = np.linspace(0, prompt.scene.duration_s, 25)
        parsed = track_things([true_maps(renderer, prompt.scene, times, SMALL)], SMALL)
        for verdict in verify(prompt.caption.statement, parsed):
            assert verdict.holds is not False, (prompt.caption.text, verdict)
