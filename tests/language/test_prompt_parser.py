from __future__ import annotations

import numpy as np
import pytest

from ozora.language.captions import write_caption
from ozora.language.facts import Fact, Ref
from ozora.language.prompt_parser import name_of, parse_prompt
from ozora.language.vocabulary import FULL, SMALL, TOY_WORLD, Vocabulary
from ozora.stage.sampling import draw_scene
from tests.language.reading import reads_back


@pytest.mark.parametrize("vocabulary", [SMALL, TOY_WORLD, FULL], ids=["small", "toys", "full"])
def test_every_caption_is_read_back(vocabulary: Vocabulary) -> None:
    for seed in range(4000):
        caption = write_caption(np.random.default_rng([seed, 3]), draw_scene(seed, vocabulary)[1])
        assert reads_back(caption.text, caption.statement), caption.text


def test_things_stand_in_order_of_mention() -> None:
    statement = parse_prompt("three tiny red balls and a big house").statement
    assert statement.things == (
        Ref(noun="ball", color="red", size="small", count=3),
        Ref(noun="stone house", size="large"),
    )
    assert statement.facts == (Fact(kind="exists", subject=0), Fact(kind="exists", subject=1))


def test_side_by_side_in_every_wording() -> None:
    for prompt in (
        "a cat to the left of a dog",
        "a cat on the left and a dog on the right",
        "on the left a cat, on the right a dog",
        "a dog with a cat on its left",
        "a cat is left of a dog",
    ):
        statement = parse_prompt(prompt).statement
        (relation,) = [fact for fact in statement.facts if fact.kind == "relation"]
        assert relation.subject is not None and relation.object is not None
        assert (
            statement.things[relation.subject].noun == "cat" and statement.things[relation.object].noun == "brown dog"
        )
        assert relation.value == "left"


@pytest.mark.parametrize(
    ("value", "color", "found"),
    [
        ("stone house/house", "", ("stone house", "")),
        ("stone house/house", "red", ("house", "red")),
        ("brown horse/horse", "white", ("white horse", "")),
        ("brown horse/horse", "blue", ("horse", "blue")),
        ("soldier=red", "", ("soldier", "red")),
        ("man in trousers/person", "=blue", ("man in a kilt", "blue")),
        ("ball", "red", ("ball", "red")),
    ],
)
def test_a_color_decides_between_the_toy_and_the_cast(value: str, color: str, found: tuple[str, str]) -> None:
    assert name_of(value, color) == found


def test_a_full_name_says_more_than_a_bare_noun() -> None:
    statement = parse_prompt("on the left a cow, on the right a zebra, the beige cow falls to the ground").statement
    assert [ref.noun for ref in statement.things] == ["beige cow", "zebra"]


def test_what_has_no_meaning_is_named() -> None:
    assert parse_prompt("a stylish gizmo").unknown == ("stylish", "gizmo")
