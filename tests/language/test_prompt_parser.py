from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ozora.language.adaptation import adapt, add_default_relation, nearest, unsupported_words
from ozora.language.captions import write_caption
from ozora.language.facts import Caption, Fact, Ref, Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import restyle, sentence
from ozora.language.vocabulary import FULL, SMALL, Vocabulary
from ozora.stage.sampling import draw_scene

Meaning = tuple[Counter[Ref], frozenset[tuple[str, str, Ref | None, Ref | None]]]


def meaning(statement: Statement) -> Meaning:
    """What a statement says, however its things are numbered: the things, and the facts about them by name."""
    things = statement.things

    def named(number: int | None) -> Ref | None:
        return None if number is None else things[number]

    facts = frozenset((fact.kind, fact.value, named(fact.subject), named(fact.object)) for fact in statement.facts)
    return Counter(things), facts


def captions(vocabulary: Vocabulary, count: int) -> list[Caption]:
    scenes = [draw_scene(seed, vocabulary)[1] for seed in range(count)]
    return [write_caption(np.random.default_rng([seed, 3]), statement) for seed, statement in enumerate(scenes)]


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_every_caption_is_read_back(vocabulary: Vocabulary) -> None:
    for caption in captions(vocabulary, 1500):
        reading = parse_prompt(caption.text)
        assert meaning(reading.statement) == meaning(caption.statement), caption.text
        assert not reading.unknown and not reading.aimless, caption.text


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_a_caption_lies_inside_its_world_and_is_restated_without_loss(vocabulary: Vocabulary) -> None:
    for caption in captions(vocabulary, 300):
        reading = parse_prompt(caption.text)
        assert unsupported_words(reading, vocabulary) == (), caption.text
        assert meaning(parse_prompt(sentence(adapt(reading, vocabulary))).statement) == meaning(reading.statement), (
            caption.text
        )


def test_things_stand_in_order_of_mention() -> None:
    statement = parse_prompt("three tiny red balls and a big house").statement
    assert statement.things == (Ref(noun="ball", color="red", size="small", count=3), Ref(noun="house", size="large"))
    assert statement.facts == (Fact(kind="exists", subject=0), Fact(kind="exists", subject=1))


@pytest.mark.parametrize(
    ("prompt", "full", "small"),
    [
        ("a woman in Tokyo at night", "a person on a city street at night", "a robot on a city street at night"),
        ("a crimson sphere", "a red ball", "a red ball"),
        ("running left, a big dog", "a large dog runs to the left", "a dog runs to the left"),
        ("a running horse", "a horse runs to the right", "a dog runs to the right"),
        ("the ball is red and rolls right", "a red ball rolls to the right", "a red ball rolls to the right"),
        ("a man rides a pony away", "a horse runs away and a person", "a dog runs away and a robot"),
        ("a black cat", "a black cat", "a blue dog"),
        ("a cat on a table in the kitchen", "a cat on top of a table in a room", "a dog and a cube on a city street"),
        ("Mars", "in the desert", "in the desert"),
        ("quantum flux", "", ""),
        ("", "", ""),
    ],
)
def test_free_prompts_are_restated(prompt: str, full: str, small: str) -> None:
    assert sentence(adapt(parse_prompt(prompt), FULL)) == full
    assert sentence(adapt(parse_prompt(prompt), SMALL)) == small


def test_the_user_is_told_what_stands_in() -> None:
    reading = parse_prompt("A stylish woman and a tree and a bus in Tokyo")
    assert reading.unknown == ("stylish",)
    assert unsupported_words(reading, FULL) == (
        "'bus' is drawn as a truck",
        "'Tokyo' is drawn as a city street",
        "'stylish' means nothing on the stage and is left out",
    )
    lines = unsupported_words(reading, SMALL)
    assert "'woman' is drawn as a robot" in lines
    assert "the truck is left out: this model draws at most 2 things" in lines
    assert reading.notes == ("'bus' is read as a truck", "'Tokyo' is read as a city street")


def test_the_user_is_told_what_is_left_out() -> None:
    assert unsupported_words(parse_prompt("three balls in the fog"), SMALL) == (
        "'in the fog' is not known to this model and is left out",
        "this model draws at most one of a kind",
    )
    assert unsupported_words(parse_prompt("a dog runs"), SMALL) == (
        "no direction is given for the dog; it goes to the right",
    )


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
        assert statement.things[relation.subject].noun == "cat" and statement.things[relation.object].noun == "dog"
        assert relation.value == "left"


def test_nearest() -> None:
    assert nearest("noun", "dog", SMALL) == "dog"
    assert nearest("noun", "cat", SMALL) == "dog"
    assert nearest("color", "teal", SMALL) == "blue"
    assert nearest("weather", "rain", SMALL) is None
    assert nearest("event", "paint red", FULL) == "paint red"


@pytest.mark.parametrize("noun", FULL.nouns)
def test_every_noun_has_a_neighbor_in_the_small_world(noun: str) -> None:
    assert nearest("noun", noun, SMALL) in SMALL.nouns


def test_adapting_keeps_the_numbers_straight() -> None:
    statement = adapt(parse_prompt("a lorry past a boat and a house"), SMALL)
    assert all(fact.subject is None or fact.subject < len(statement.things) for fact in statement.facts)
    assert len(statement.things) == 2


@pytest.mark.parametrize(
    ("text", "style", "result"),
    [
        (
            "a red ball rolls left in a meadow at sunset",
            "at night",
            "a red ball rolls to the left in a meadow at night",
        ),
        ("a dog in the snow", "in a desert in the rain", "a dog in the desert in the rain"),
        ("a red ball", "as a charcoal drawing", "a red ball, as a charcoal drawing"),
    ],
)
def test_another_style_keeps_what_happens(text: str, style: str, result: str) -> None:
    assert restyle(text, style) == result


@pytest.mark.parametrize(
    ("prompt", "arranged"),
    [
        ("a red cube and a blue ball in a meadow", "a red cube to the left of a blue ball in a meadow"),
        ("a red ball rolls left and a blue cube", "a red ball rolls to the left past a blue cube"),
        ("a red cube and a blue ball that spins", "a red cube to the left of a blue ball, the ball spins"),
    ],
)
def test_what_is_left_open_is_arranged(prompt: str, arranged: str) -> None:
    statement = add_default_relation(parse_prompt(prompt).statement)
    assert meaning(parse_prompt(sentence(statement)).statement) == meaning(statement)
    assert sentence(statement) == arranged
    assert add_default_relation(statement) == statement


@pytest.mark.parametrize("prompt", ["a red ball", "two red balls and a cube", "a ball right of a cube", "a dog"])
def test_what_is_said_or_alone_is_left_as_it_is(prompt: str) -> None:
    assert add_default_relation(parse_prompt(prompt).statement) == parse_prompt(prompt).statement
