"""Random scenes: a setup, a place, a time of day, the weather, the cameras. Same seed, same scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ozora.language.cast import CAST
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import Vocabulary
from ozora.stage.scene import Scene, Shot
from ozora.stage.scene_templates import Setup, draw_setup


def _shots(rng: Rng, vocabulary: Vocabulary, setup: Setup, duration_s: float) -> tuple[Shot, ...]:
    eye = (float(rng.uniform(-0.25, 0.25)), float(rng.uniform(1.45, 1.75)), float(rng.uniform(5.3, 5.6)))
    base = Shot(eye=eye)
    if vocabulary.cameras == ("static",):
        return (base,)
    if rng.random() < 0.10 and not setup.events:
        side = float(rng.choice([-1.0, 1.0]))
        second = Shot(start_s=duration_s * float(rng.uniform(0.4, 0.6)), eye=(side * 3.4, 1.9, 5.6), fov=26.0)
        return (base, second)
    passes = setup.things[0].motion.kind in ("left", "right")
    moves = [move for move in vocabulary.cameras if move != "follow" or passes]
    move = pick(rng, moves) if rng.random() < 0.55 else "static"
    return (replace(base, move=move),)


def draw_scene(seed: int, vocabulary: Vocabulary, *, duration_s: float = 4.0) -> tuple[Scene, Statement]:
    """A scene and everything that is true of it and can be said."""
    rng = np.random.default_rng([seed, 7])
    return stage_setup(rng, draw_setup(rng, vocabulary), vocabulary, seed=seed, duration_s=duration_s)


def stage_setup(
    rng: Rng, setup: Setup, vocabulary: Vocabulary, *, seed: int, duration_s: float = 4.0
) -> tuple[Scene, Statement]:
    """The setup in a random place where all its things can be, with all that can be said of it."""
    members = [CAST[thing.noun] for thing in setup.things if thing.noun in CAST]
    shared = [place for place in vocabulary.places if all(place in member.places for member in members)]
    place = pick(rng, shared or vocabulary.places)
    weather = "clear"
    if place != "room" and rng.random() < 0.3:
        weather = pick(rng, vocabulary.weathers)
    shift = duration_s / 4.0
    scene = Scene(
        things=setup.things,
        place=place,
        time=pick(rng, vocabulary.times),
        weather=weather,
        shots=_shots(rng, vocabulary, setup, duration_s),
        events=tuple(replace(event, at_s=event.at_s * shift) for event in setup.events),
        duration_s=duration_s,
        seed=seed,
    )
    return scene, describe(scene, setup)


def describe(scene: Scene, setup: Setup) -> Statement:
    """All facts of a scene."""
    first = scene.things[0]
    group = len(scene.things) > 1 and all((t.noun, t.color) == (first.noun, first.color) for t in scene.things)
    kept = scene.things[:1] if group else scene.things
    count = len(scene.things) if group else 1
    refs = tuple(Ref(noun=t.noun, color=t.color, size=t.size, count=count, word=t.word) for t in kept)
    facts = [Fact(kind="exists", subject=i) for i in range(len(refs))]
    facts += [*setup.facts, Fact(kind="place", value=scene.place), Fact(kind="time", value=scene.time)]
    facts.append(Fact(kind="weather", value=scene.weather))
    if len(scene.shots) > 1:
        facts.append(Fact(kind="camera", value="cut"))
    elif scene.shots[0].move != "static":
        facts.append(Fact(kind="camera", value=scene.shots[0].move))
    return Statement(things=refs, facts=tuple(facts))
