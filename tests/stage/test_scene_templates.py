from __future__ import annotations

import numpy as np
import pytest

from ozora.language.cast import CAST
from ozora.language.vocabulary import EVENTS as EVENT_NAMES
from ozora.language.vocabulary import FULL, MOTIONS, SMALL, Vocabulary, is_held_out
from ozora.stage.scene_templates import EVENTS, SITUATIONS, Setup, draw_setup, mirrored, rest_yaw
from ozora.stage.toys import SIDEWAYS
from ozora.stage.trajectories import height

SEEDS = 800


def setups(vocabulary: Vocabulary) -> list[Setup]:
    return [draw_setup(np.random.default_rng([seed, 5]), vocabulary) for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def full() -> list[Setup]:
    return setups(FULL)


def facts(found: list[Setup], kind: str, value: str) -> list[tuple[Setup, int, int]]:
    """Setups that state a fact about one thing and another."""
    return [
        (setup, fact.subject or 0, fact.object)
        for setup in found
        for fact in setup.facts
        if (fact.kind, fact.value) == (kind, value) and fact.object is not None
    ]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_every_situation_can_be_set_up(situation: object) -> None:
    assert callable(situation)
    found = [situation(np.random.default_rng(seed), FULL) for seed in range(60)]
    assert any(found)


def test_same_seed_same_setup() -> None:
    first, again, other = (draw_setup(np.random.default_rng(seed), FULL) for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize(
    ("value", "axis", "sign"), [("left", "x", -1), ("right", "x", 1), ("front", "z", 1), ("behind", "z", -1)]
)
def test_relations_hold(full: list[Setup], value: str, axis: str, sign: int) -> None:
    found = facts(full, "relation", value)
    assert found
    for setup, first, second in found:
        gap = getattr(setup.things[first], axis) - getattr(setup.things[second], axis)
        assert sign * gap > 0.8


def test_what_is_on_something_stands_on_its_top() -> None:
    found = facts(
        [s for seed in range(SEEDS) if (s := SITUATION["depth"](np.random.default_rng(seed), FULL))], "relation", "on"
    )
    assert found
    for setup, first, second in found:
        assert setup.things[first].y == pytest.approx(height(setup.things[second]), rel=0.02)
        assert setup.things[first].x == setup.things[second].x


def test_what_is_under_something_fits() -> None:
    found = facts(
        [s for seed in range(4 * SEEDS) if (s := SITUATION["depth"](np.random.default_rng(seed), FULL))],
        "relation",
        "under",
    )
    assert found
    for setup, first, second in found:
        assert setup.things[second].noun == "table"
        assert height(setup.things[first]) < height(setup.things[second])
        assert setup.things[first].x == setup.things[second].x


def test_groups_are_of_one_kind_and_do_not_stand_inside_each_other() -> None:
    found = [s for seed in range(200) if (s := SITUATION["group"](np.random.default_rng(seed), FULL))]
    assert {len(setup.things) for setup in found} == {2, 3, 4, 5}
    for setup in found:
        assert len({(thing.noun, thing.color, thing.size) for thing in setup.things}) == 1
        across = setup.things[0].motion.kind in ("left", "right")  # then they go one behind the other
        assert (np.diff([thing.z if across else thing.x for thing in setup.things]) > 0.25).all()


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_every_event_can_be_set_up_and_is_said(name: str) -> None:
    found = [s for seed in range(60) if (s := EVENTS[name](np.random.default_rng(seed), FULL))]
    assert found
    for setup in found:
        (fact,) = setup.facts
        assert fact.kind == "event" and fact.value.startswith(name)
        assert name in [event.kind for event in setup.events]
        assert all(0 < event.at_s < 4 for event in setup.events)


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_setups_speak_only_words_of_the_vocabulary(vocabulary: Vocabulary) -> None:
    for setup in setups(vocabulary):
        assert 1 <= len(setup.things) <= max(vocabulary.max_things, vocabulary.max_count)
        for thing in setup.things:
            assert thing.noun in vocabulary.nouns and thing.color in ("", *vocabulary.colors)
            assert thing.color or thing.noun in CAST
            assert thing.size in vocabulary.sizes and thing.finish in vocabulary.finishes
            assert thing.motion.kind in vocabulary.motions
        for fact in setup.facts:
            words = {"motion": vocabulary.motions, "relation": vocabulary.relations, "event": vocabulary.events}
            assert fact.value.split()[0] in words[fact.kind] or fact.value in words[fact.kind]


def test_things_stay_on_the_stage(full: list[Setup]) -> None:
    for setup in full:
        for thing in setup.things:
            assert abs(thing.x) <= 2.3 and abs(thing.z) <= 1.3 and 0 <= thing.y < 2.5


def test_what_moves_is_what_is_said(full: list[Setup]) -> None:
    for setup in full:
        for fact in setup.facts:
            if fact.kind == "motion":
                assert setup.things[fact.subject or 0].motion.kind == fact.value


def test_every_motion_comes_up() -> None:
    full = [draw_setup(np.random.default_rng([seed, 6]), FULL) for seed in range(8 * SEEDS)]
    assert {thing.motion.kind for setup in full for thing in setup.things} == set(MOTIONS)


def test_no_color_is_held_out(full: list[Setup]) -> None:
    for setup in full:
        assert not any(is_held_out("color noun", thing.color, thing.noun) for thing in setup.things)


@pytest.mark.parametrize("value", ["left", "pan right", "orbit left", "toward", "jump"])
def test_mirroring_twice_is_nothing(value: str) -> None:
    assert mirrored(mirrored(value)) == value
    assert (mirrored(value) == value) == ("left" not in value and "right" not in value)


def test_sideways_things_are_seen_from_the_side() -> None:
    rng = np.random.default_rng(0)
    for noun in ("car", "ball", "house"):
        across = [abs(np.cos(np.radians(rest_yaw(rng, noun)))) for _ in range(50)]
        assert (min(across) > 0.8) == (noun in SIDEWAYS or noun == "house")


SITUATION = {situation.__name__: situation for situation in SITUATIONS}
