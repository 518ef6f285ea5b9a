from __future__ import annotations

import numpy as np
import pytest

from ozora.language.adaptation import (
    adapt,
    add_default_relation,
    add_default_setting,
    default_notes,
    nearest,
    unsupported_words,
)
from ozora.language.captions import write_caption
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import sentence
from ozora.language.vocabulary import FULL, SMALL, TOY_WORLD, Vocabulary
from ozora.stage.sampling import draw_scene
from tests.language.reading import reads_back


@pytest.mark.parametrize("vocabulary", [SMALL, TOY_WORLD, FULL], ids=["small", "toys", "full"])
def test_a_caption_lies_inside_its_world_and_is_restated_without_loss(vocabulary: Vocabulary) -> None:
    for seed in range(500):
        caption = write_caption(np.random.default_rng([seed, 3]), draw_scene(seed, vocabulary)[1])
        parsed = parse_prompt(caption.text)
        assert unsupported_words(parsed, vocabulary) == (), caption.text
        restated = adapt(parsed, vocabulary)
        assert reads_back(sentence(restated), restated), caption.text
        assert vocabulary is not FULL or restated == parsed.statement


@pytest.mark.parametrize(
    ("prompt", "full", "small"),
    [
        ("an old man", "an old man", "a robot"),
        ("girl in a green skirt", "a woman in a green skirt", "a green robot"),
        ("knights", "two knights on a horse", "a robot"),
        ("cows grazing", "two brown cows eat", "a dog"),
        ("a dog chases a cat", "a brown dog follows a cat", "a dog and a dog"),
        ("two horses", "two brown horses", "a dog"),
        ("the lion attacks", "a lion attacks", "a dog"),
        ("a house", "a stone house", "a house"),
        ("a red house", "a red house", "a red house"),
        (
            "a wolf runs in the forest",
            "a gray wolf runs to the right and an oak tree in a meadow",
            "a dog runs to the right and a tree in a meadow",
        ),
        ("a cowboy rides a horse", "a rider on a horse walks to the right", "a robot walks to the right"),
        ("a man in a blue shirt", "a man in a blue kilt", "a blue robot"),
        ("a white horse", "a white horse", "a dog"),
        ("a black dog", "a brown dog", "a dog"),
        ("a blue dog", "a blue dog", "a blue dog"),
        ("a horse gallops to the left", "a brown horse runs to the left", "a dog runs to the left"),
        ("three soldiers march to the right", "three soldiers walk to the right", "a robot walks to the right"),
        ("soldiers in red", "two soldiers in red", "a red robot"),
        ("an archer shoots arrows at night", "an archer shoots an arrow at night", "a robot at night"),
        (
            "a woman in a red dress walks past a castle",
            "a woman in a red dress walks to the right past a castle",
            "a red robot walks to the right past a house",
        ),
        ("a tiger", "a tiger", "a dog"),
        ("a leopard in the savanna", "a tiger in a meadow", "a dog in a meadow"),
        ("an elephant walks toward the camera", "an elephant walks toward the camera", "a dog runs toward the camera"),
        ("a shark swims to the left", "a shark swims to the left", "a dog runs to the left"),
        ("an eagle flies to the right", "a hawk flies to the right", "a dog runs to the right"),
        ("a sailing ship on the sea", "a sailing ship on the sea", "a boat in a meadow"),
        ("a boat", "a rowboat", "a boat"),
        ("a red boat", "a red boat", "a red boat"),
        ("a tree", "an oak tree", "a tree"),
        ("a tree in the desert", "a palm tree in the desert", "a tree in the desert"),
        ("a tree in the snow", "a snowy fir tree in the snow", "a tree in the snow"),
        ("a king", "a general", "a robot"),
        ("a wizard in a tower", "a man in a robe and a stone tower", "a robot and a house"),
        ("a samurai fights", "a warrior attacks", "a robot"),
        ("a farmer hoes the ground", "a man in trousers hoes the ground", "a robot"),
        ("a lumberjack chops wood", "a man in trousers chops wood", "a robot"),
        ("a monk prays", "a man in a robe stands still", "a robot"),
        ("a deer in the woods", "a doe and an oak tree in a meadow", "a dog and a tree in a meadow"),
        ("a bear eats", "a brown bear stands still", "a dog"),
        ("a cat eats a cookie", "a bite is taken out of a cookie and a cat", "a dog and a ball"),
        ("an apple tree in a garden", "an apple tree", "a tree"),
        ("a camel in the desert", "a camel in the desert", "a dog in the desert"),
        ("a man rides a camel", "a rider on a camel walks to the right", "a robot walks to the right"),
        ("a crocodile in the river", "a crocodile on the sea", "a dog in a meadow"),
        ("a wagon goes to the left", "a horse and cart walks to the left", "a robot walks to the left"),
        ("two wolves run away", "two gray wolves run away", "a dog runs away"),
        ("a penguin in the snow", "a chicken in the snow", "a dog in the snow"),
        ("a chicken walks behind a fence", "a chicken walks to the right", "a dog runs to the right"),
        ("a pyramid in the desert", "a stone pyramid in the desert", "a cone in the desert"),
        ("a stone pyramid", "a stone pyramid", "a cone"),
        ("a dragon attacks a knight", "a crocodile attacks and a knight on a horse", "a dog and a robot"),
        ("a lion and a lioness", "a lion and a lioness", "a dog and a dog"),
        ("a herd of sheep", "three sheep", "a dog"),
        ("a goat to the left of a cow", "a white goat to the left of a brown cow", "a dog to the left of a dog"),
        (
            "a knight in blue to the right of a temple",
            "a knight on a horse to the right of a temple",
            "a robot to the right of a house",
        ),
        ("a gray wolf hides behind an oak tree", "a gray wolf hides behind an oak tree", "a dog and a tree"),
        (
            "a giraffe runs to the right past a palm tree",
            "a giraffe runs to the right past a palm tree",
            "a dog runs to the right past a tree",
        ),
        ("five goats", "five white goats", "a dog"),
        ("a person", "a man in trousers", "a robot"),
        ("a red person", "a red person", "a red robot"),
        ("people", "two men in trousers", "a robot"),
        (
            "a woman walks a dog",
            "a woman in a dress walks to the right and a brown dog",
            "a robot walks to the right and a dog",
        ),
        ("a rabbit hops to the left", "a rabbit hops to the left", "a dog runs to the left"),
        ("a pig sniffs the ground", "a pig stands still", "a dog"),
        (
            "a woman in Tokyo at night",
            "a woman in a dress on a city street at night",
            "a robot on a city street at night",
        ),
        ("a crimson sphere", "a red ball", "a red ball"),
        ("running left, a big dog", "a large brown dog runs to the left", "a dog runs to the left"),
        ("a running horse", "a brown horse runs to the right", "a dog runs to the right"),
        ("the ball is red and rolls right", "a red ball rolls to the right", "a red ball rolls to the right"),
        ("a man rides a pony away", "a rider on a horse walks away", "a robot walks away"),
        ("a black cat", "a black cat", "a blue dog"),
        ("a cat on a table in the kitchen", "a cat on top of a table in a room", "a dog and a cube on a city street"),
        ("Mars", "in the desert", "in the desert"),
        ("quantum flux", "", ""),
        ("", "", ""),
        (
            "A stylish woman and a tree and a bus in Tokyo",
            "a woman in a dress and an oak tree and a truck on a city street",
            "a robot and a tree on a city street",
        ),
    ],
)
def test_free_prompts_are_restated(prompt: str, full: str, small: str) -> None:
    assert sentence(adapt(parse_prompt(prompt), FULL)) == full
    assert sentence(adapt(parse_prompt(prompt), SMALL)) == small


@pytest.mark.parametrize(
    ("prompt", "notes"),
    [
        ("a leopard in the savanna", ("'leopard' is drawn as a tiger", "'savanna' is drawn as a meadow")),
        (
            "a wolf runs in the forest",
            ("'forest' is drawn as a meadow", "no direction is given for the gray wolf; it goes to the right"),
        ),
        (
            "a cowboy rides a horse",
            (
                "'cowboy' is drawn as a rider on a horse",
                "no direction is given for the rider on a horse; it goes to the right",
            ),
        ),
        ("a pig sniffs the ground", ("this model cannot show a pig sniffing: it stands",)),
        ("a black dog", ("'black' is left out: nothing that it is said of comes in that color",)),
        (
            "A stylish woman and a tree and a bus in Tokyo",
            (
                "'bus' is drawn as a truck",
                "'Tokyo' is drawn as a city street",
                "'stylish' means nothing to this model and is left out",
            ),
        ),
        ("a red house", ()),
        (
            "a knight in blue to the right of a temple",
            ("'in blue' is left out: nothing that it is said of comes in that color",),
        ),
    ],
)
def test_the_user_is_told_what_stands_in(prompt: str, notes: tuple[str, ...]) -> None:
    assert unsupported_words(parse_prompt(prompt), FULL) == notes


def test_the_user_is_told_what_a_small_model_leaves_out() -> None:
    parsed = parse_prompt("A stylish woman and a tree and a bus in Tokyo")
    assert parsed.unknown == ("stylish",)
    lines = unsupported_words(parsed, SMALL)
    assert "'woman' is drawn as a robot" in lines
    assert "the truck is left out: this model draws at most 2 things" in lines
    assert unsupported_words(parse_prompt("three balls in the fog"), SMALL) == (
        "'in the fog' is not known to this model and is left out",
        "this model draws at most one of a kind",
    )


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


def test_place_and_time_are_decided_and_said() -> None:
    statement = parse_prompt("a shark").statement
    assert {fact.value for fact in add_default_setting(statement).facts} == {"", "sea", "day"}
    assert default_notes(statement) == ("no place or time is given: painted on the sea by day",)
    assert default_notes(add_default_setting(statement)) == ()


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
    assert reads_back(sentence(statement), statement)
    assert sentence(statement) == arranged
    assert add_default_relation(statement) == statement


@pytest.mark.parametrize("prompt", ["a red ball", "two red balls and a cube", "a ball right of a cube", "a dog"])
def test_what_is_said_or_alone_is_left_as_it_is(prompt: str) -> None:
    assert add_default_relation(parse_prompt(prompt).statement) == parse_prompt(prompt).statement
