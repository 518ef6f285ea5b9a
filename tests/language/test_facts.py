from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from ozora.language.facts import Caption, Fact, Ref, Statement
from ozora.language.vocabulary import CAMERAS, COLORS, EVENTS, FULL, MOTIONS, PLACES, RELATIONS, TIMES, WEATHERS
from ozora.stage.sampling import draw_scene

VALUES: dict[str, set[str]] = {
    "exists": {""},
    "motion": set(MOTIONS),
    "relation": set(RELATIONS),
    "event": {*EVENTS, *(f"paint {color}" for color in COLORS)},
    "place": set(PLACES),
    "time": set(TIMES),
    "weather": set(WEATHERS),
    "camera": {*CAMERAS, "cut"},
}
"""The table of ``Fact``."""


def test_what_a_prompt_leaves_open_is_empty() -> None:
    ref = Ref(noun="ball")
    assert (ref.color, ref.size, ref.count) == ("", "", 1)
    assert Fact(kind="exists", subject=0).object is None


def test_captions_are_values() -> None:
    def caption(color: str) -> Caption:
        things = (Ref(noun="ball", color=color),)
        return Caption(text="a ball", statement=Statement(things=things, facts=(Fact(kind="exists", subject=0),)))

    assert hash(caption("red")) == hash(caption("red"))
    assert caption("red") != caption("blue")
    with pytest.raises(FrozenInstanceError):
        caption("red").text = "two balls"  # type: ignore[misc]


def test_facts_of_random_scenes_are_those_of_the_table() -> None:
    for seed in range(400):
        _, statement = draw_scene(seed, FULL)
        for fact in statement.facts:
            assert fact.value in VALUES[fact.kind], fact
            for number in (fact.subject, fact.object):
                assert number is None or 0 <= number < len(statement.things), fact
            assert (fact.subject is not None) == (fact.kind in ("exists", "motion", "relation", "event")), fact
