from __future__ import annotations

from collections import Counter

import pytest

from ozora.evaluate.prompts import KINDS, SEEDS, pairs, test_prompts
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import FULL, SMALL, Vocabulary, held_out_pairs


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_nothing_held_out_is_in_distribution(vocabulary: Vocabulary) -> None:
    for prompt in test_prompts(vocabulary, held_out=False, count=60):
        assert not pairs(prompt.caption.statement)
        assert prompt.pair == ""


@pytest.mark.parametrize("vocabulary", [SMALL, FULL], ids=["small", "full"])
def test_held_out_prompts_have_exactly_one_pair(vocabulary: Vocabulary) -> None:
    prompts = test_prompts(vocabulary, held_out=True, count=60)
    known = set(held_out_pairs(vocabulary))
    for prompt in prompts:
        (pair,) = pairs(prompt.caption.statement)
        assert pair in known
        assert prompt.pair == "/".join(pair)
    assert Counter(prompt.pair.split("/")[0] for prompt in prompts) == dict.fromkeys(KINDS, 20)


def test_every_kind_of_fact_is_well_represented() -> None:
    facts = Counter[str]()
    for prompt in test_prompts(SMALL, held_out=False, count=120):
        facts.update(f"{fact.kind} {fact.value}" for fact in prompt.caption.statement.facts)
    assert facts["relation left"] + facts["relation right"] >= 40
    assert min(facts["relation left"], facts["relation right"]) >= 10
    assert sum(facts[f"motion {way}"] for way in ("left", "right", "toward", "away")) >= 30
    assert facts["motion jump"] >= 5


def test_prompts_repeat_and_seeds_are_out_of_the_corpus() -> None:
    first = test_prompts(SMALL, held_out=False, count=5)
    assert first == test_prompts(SMALL, held_out=False, count=5)
    assert first != test_prompts(SMALL, held_out=False, count=5, seed=1)
    both = (*first, *test_prompts(SMALL, held_out=True, count=5))
    assert len({prompt.seed for prompt in both}) == 10
    assert all(prompt.seed >= SEEDS for prompt in first)


def test_a_relation_counts_from_both_sides() -> None:
    held = [pair for pair in held_out_pairs(SMALL) if pair[0] == "noun relation" and pair[2] == "right"]
    noun = held[0][1]
    others = [other for other in SMALL.nouns if ("noun relation", other, "left") not in held_out_pairs(SMALL)]
    statement = Statement(
        things=(Ref(noun=others[0]), Ref(noun=noun)),
        facts=(Fact(kind="relation", value="left", subject=0, object=1),),
    )
    assert ("noun relation", noun, "right") in pairs(statement)
