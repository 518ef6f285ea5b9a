from __future__ import annotations

import hashlib
import json
from itertools import product

import pytest

from ozora.language.cast import ACTS
from ozora.language.vocabulary import (
    COLOR_SYNONYMS,
    COLORS,
    FULL,
    HELD_OUT_SHARE,
    NOUNS,
    SIZE_SYNONYMS,
    SIZES,
    SMALL,
    TOY_WORLD,
    TOYS,
    Vocabulary,
    held_out_pairs,
    is_held_out,
)
from ozora.stage.toys import TOYS as SOLID_TOYS

SMALL_HELD_OUT = [
    ("color noun", "orange", "tree"),
    ("color noun", "yellow", "bird"),
    ("color noun", "yellow", "boat"),
    ("color noun", "green", "ball"),
    ("color noun", "green", "cone"),
    ("color noun", "green", "car"),
    ("color noun", "green", "house"),
    ("color noun", "blue", "ball"),
    ("color noun", "purple", "car"),
    ("color noun", "purple", "house"),
    ("color noun", "pink", "bird"),
    ("color noun", "white", "cone"),
    ("color noun", "white", "car"),
    ("noun motion", "cube", "left"),
    ("noun motion", "cone", "right"),
    ("noun motion", "cone", "jump"),
    ("noun motion", "dog", "right"),
    ("noun motion", "dog", "spin"),
    ("noun motion", "boat", "right"),
    ("noun motion", "boat", "spin"),
    ("noun motion", "tree", "away"),
    ("noun relation", "cube", "right"),
    ("noun relation", "robot", "right"),
    ("noun relation", "bird", "right"),
]


def test_the_held_out_pairs_of_the_small_stage_never_change() -> None:
    """A model that was trained on this stage has not seen these."""
    assert held_out_pairs(SMALL) == SMALL_HELD_OUT


def test_the_held_out_share() -> None:
    names = [f"thing {i}" for i in range(100)]
    share = sum(is_held_out("color noun", a, b) for a, b in product(names, names)) / 100**2
    assert share == pytest.approx(HELD_OUT_SHARE, abs=0.01)
    nouns, colors, ways = len(FULL.nouns), len(FULL.colors), len(FULL.motions) - 1 + len(FULL.relations)
    assert len(held_out_pairs()) / (nouns * (colors + ways)) == pytest.approx(HELD_OUT_SHARE, abs=0.04)


def test_a_pair_is_held_out_in_every_vocabulary() -> None:
    assert set(held_out_pairs(SMALL)) <= set(held_out_pairs(FULL))


def test_every_noun_is_seen_at_rest() -> None:
    assert not any(is_held_out("noun motion", noun, "stand") for noun in NOUNS)


@pytest.mark.parametrize("noun", SMALL.nouns)
def test_every_small_noun_is_seen_in_most_colors_and_motions(noun: str) -> None:
    lost = [pair for pair in held_out_pairs(SMALL) if noun in pair]
    assert len([pair for pair in lost if pair[0] == "color noun"]) <= 3
    assert len([pair for pair in lost if pair[0] == "noun motion"]) <= 3


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_a_vocabulary_survives_json(vocabulary: Vocabulary) -> None:
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary


def test_the_small_stage_is_part_of_the_full_one() -> None:
    for name, words in SMALL.to_dict().items():
        full = FULL.to_dict()[name]
        assert words <= full if isinstance(words, int) else set(words) <= set(full), name


def test_no_word_means_two_things() -> None:
    words = [word for name, noun in TOYS.items() for word in (name, *noun.synonyms)]
    words += [word for name in COLORS for word in (name, *COLOR_SYNONYMS.get(name, ()))]
    words += [word for name in SIZES for word in (name, *SIZE_SYNONYMS.get(name, ()))]
    assert len(words) == len(set(words))


def test_every_toy_is_drawn() -> None:
    assert set(SOLID_TOYS) == set(TOYS)
    assert all(0.5 < noun.height < 2.0 for noun in TOYS.values())


def test_the_order_of_the_nouns_never_changes() -> None:
    """Trained weights know the nouns by these numbers."""
    names = list(NOUNS)
    assert len(names) == 146 and len(TOYS) == 26
    assert (names[0], names[25], names[26], names[145]) == ("ball", "tower", "brown horse", "poppy bush")
    digest = hashlib.sha256("/".join([*names, *COLORS]).encode()).hexdigest()
    assert digest[:16] == "b7aaff5e3e99e852"


def test_the_world_of_toys_needs_no_art() -> None:
    assert set(TOY_WORLD.nouns) == set(TOYS)
    assert not set(TOY_WORLD.motions) & set(ACTS) and "jump" in TOY_WORLD.motions
