from __future__ import annotations

import numpy as np
import pytest

from ozora.language.facts import Statement
from ozora.language.vocabulary import FULL, SMALL, Vocabulary, is_held_out
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Scene
from ozora.stage.scene_templates import mirrored
from ozora.stage.trajectories import trace

SEEDS = 2000
RARE = {"under", "sit", "pray", "hoe", "sniff"}
"""What only one scene in some thousands shows."""
Sample = tuple[Scene, Statement]


@pytest.fixture(scope="module", params=[SMALL, FULL], ids=["small", "full"])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    found: Vocabulary = request.param
    return found


@pytest.fixture(scope="module")
def samples(vocabulary: Vocabulary) -> list[Sample]:
    return [draw_scene(seed, vocabulary) for seed in range(SEEDS)]


def pairs(statement: Statement) -> set[tuple[str, str, str]]:
    """All pairs that a statement shows, as ``is_held_out`` names them."""
    nouns = [ref.noun for ref in statement.things]
    found = {("color noun", ref.color, ref.noun) for ref in statement.things}
    for fact in statement.facts:
        subject = nouns[fact.subject or 0]
        if fact.kind in ("motion", "relation"):
            found.add((f"noun {fact.kind}", subject, fact.value))
        if fact.kind == "relation" and fact.value in ("left", "right"):
            found.add(("noun relation", nouns[fact.object or 0], mirrored(fact.value)))
        if fact.kind == "event" and fact.value.startswith("paint"):
            found.add(("color noun", fact.value.split()[1], subject))
    return found


def test_no_held_out_pair_is_ever_drawn(samples: list[Sample]) -> None:
    shown = {pair for _, statement in samples for pair in pairs(statement)}
    assert len(shown) > 100
    assert not [pair for pair in shown if is_held_out(*pair)]


def test_every_word_comes_up(samples: list[Sample], vocabulary: Vocabulary) -> None:
    scenes = [setup for setup, _ in samples]
    found = {
        "nouns": {thing.noun for setup in scenes for thing in setup.things},
        "colors": {thing.color for setup in scenes for thing in setup.things},
        "sizes": {thing.size for setup in scenes for thing in setup.things},
        "finishes": {thing.finish for setup in scenes for thing in setup.things},
        "places": {setup.place for setup in scenes},
        "times": {setup.time for setup in scenes},
        "weathers": {setup.weather for setup in scenes},
        "motions": {thing.motion.kind for setup in scenes for thing in setup.things},
        "relations": {fact.value for _, said in samples for fact in said.facts if fact.kind == "relation"},
        "cameras": {shot.move for setup in scenes for shot in setup.shots},
        "events": {event.kind for setup in scenes for event in setup.events},
    }
    found["colors"] -= {""}  # of a member of the cast whose clothes are not dyed
    for name, words in found.items():
        assert words | RARE >= set(getattr(vocabulary, name)) >= words, name


def test_same_seed_same_scene(samples: list[Sample], vocabulary: Vocabulary) -> None:
    assert draw_scene(7, vocabulary) == samples[7]
    assert len({setup for setup, _ in samples}) == SEEDS


def test_the_setting_is_said_as_it_is(samples: list[Sample]) -> None:
    for setup, statement in samples:
        said = {fact.kind: fact.value for fact in statement.facts}
        assert (said["place"], said["time"], said["weather"]) == (setup.place, setup.time, setup.weather)
        if len(setup.shots) > 1:
            assert said["camera"] == "cut"
        else:
            assert said.get("camera", "static") == setup.shots[0].move
        assert setup.place != "room" or setup.weather == "clear", "it does not rain in a room"


def test_motions_are_true(samples: list[Sample]) -> None:
    """What is said to move does so in the picture."""
    axes = {"left": (0, -1), "right": (0, 1), "toward": (2, 1), "away": (2, -1), "rise": (1, 1)}
    at = np.linspace(0.0, 4.0, 25)
    seen = 0
    for setup, statement in samples[:500]:
        for fact in statement.facts:
            if fact.kind == "motion" and fact.value in axes:
                axis, sign = axes[fact.value]
                way = trace(setup, at)[fact.subject or 0].position[:, axis]
                assert sign * (way[-1] - way[0]) > 0.5
                seen += 1
    assert seen > 50


def test_relations_stay_true(samples: list[Sample]) -> None:
    for setup, statement in samples[:500]:
        for fact in statement.facts:
            if fact.kind == "relation" and fact.value in ("left", "right"):
                first, second = trace(setup, np.linspace(0.0, 4.0, 9))
                gap = first.position[:, 0] - second.position[:, 0]
                assert ((gap if fact.value == "right" else -gap) > 0.5).all()


def test_counts_are_true(samples: list[Sample]) -> None:
    for setup, statement in samples:
        assert sum(ref.count for ref in statement.things) == len(setup.things)


@pytest.mark.parametrize("duration_s", [2.0, 8.0])
def test_events_keep_their_share_of_the_time(duration_s: float) -> None:
    found = 0
    for seed in range(200):
        (plain, _), (other, _) = draw_scene(seed, FULL), draw_scene(seed, FULL, duration_s=duration_s)
        assert other.duration_s == duration_s
        for one, two in zip(plain.events, other.events, strict=True):
            assert two.at_s == pytest.approx(one.at_s * duration_s / 4)
            found += 1
    assert found
