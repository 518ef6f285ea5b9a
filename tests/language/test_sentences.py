from __future__ import annotations

import numpy as np
import pytest

from ozora.language.captions import write_caption
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import name_fact, name_word, restyle, sentence
from ozora.language.vocabulary import FULL, SMALL, TOY_WORLD, Vocabulary
from ozora.stage.sampling import draw_scene
from tests.language.reading import reads_back


@pytest.mark.parametrize("vocabulary", [SMALL, TOY_WORLD, FULL], ids=["small", "toys", "full"])
def test_every_plain_sentence_is_read_back(vocabulary: Vocabulary) -> None:
    for seed in range(3000):
        statement = write_caption(np.random.default_rng([seed, 3]), draw_scene(seed, vocabulary)[1]).statement
        text = sentence(statement)
        assert reads_back(text, statement), text


def test_what_is_empty_says_nothing() -> None:
    assert sentence(Statement(things=(), facts=())) == ""


def test_several_do_it_in_the_plural() -> None:
    facts = (Fact(kind="motion", value="left", subject=0, manner="walk"),)
    assert sentence(Statement(things=(Ref(noun="donkey", count=3),), facts=facts)) == "three donkeys walk to the left"
    facts = (Fact(kind="motion", value="shoot", subject=0),)
    assert sentence(Statement(things=(Ref(noun="archer", count=2),), facts=facts)) == "two archers shoot arrows"


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        ("noun", "robot", "a robot"),
        ("place", "city street", "a city street"),
        ("place", "sea", "the sea"),
        ("motion", "jump", "jumping"),
        ("motion", "chop", "chopping wood"),
        ("color", "red", "red"),
    ],
)
def test_words_in_a_sentence(kind: str, value: str, word: str) -> None:
    assert name_word(kind, value) == word


@pytest.mark.parametrize(
    ("text", "style", "result"),
    [
        (
            "a red ball rolls left in a meadow at sunset",
            "at night",
            "a red ball rolls to the left in a meadow at night",
        ),
        ("a dog in the snow", "in a desert in the rain", "a brown dog in the desert in the rain"),
        ("a red ball", "as a charcoal drawing", "a red ball, as a charcoal drawing"),
    ],
)
def test_another_style_keeps_what_happens(text: str, style: str, result: str) -> None:
    assert restyle(text, style) == result
    assert parse_prompt(result).statement.things == parse_prompt(text).statement.things


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("a robot left of a red ball", ["a robot", "a red ball", "a robot to the left of a red ball"]),
        ("two horses run left in the snow", ["two brown horses", "two brown horses run to the left", "in the snow"]),
        ("a red ball, the camera zooms in", ["a red ball", "the camera zooms in"]),
    ],
)
def test_facts_have_names_of_their_own(text: str, facts: list[str]) -> None:
    statement = parse_prompt(text).statement
    assert [name_fact(fact, statement) for fact in statement.facts] == facts
