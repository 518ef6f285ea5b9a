"""Test prompts: captions of scenes that no corpus has seen, and the very scenes, so that the checker can be checked.

In-distribution scenes have new seeds. Held-out scenes have exactly one pair that training never showed: a color on a
noun, a motion of a noun, or a noun on one side of another thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ozora.language.captions import write_caption
from ozora.language.cast import CAST
from ozora.language.facts import Caption, Fact, Statement
from ozora.language.random_choice import Rng
from ozora.language.vocabulary import NATURAL, SHARED, Vocabulary, held_out_pairs, is_held_out
from ozora.stage.sampling import draw_scene, stage_setup
from ozora.stage.scene import Scene, Thing
from ozora.stage.scene_templates import FLOATING, Setup, draw_thing, mirrored, set_moving, solo_motions

SEEDS = 3_000_000_000
"""Corpora take their seeds from below."""
KINDS = ("color noun", "noun motion", "noun relation")
TURNS = ("motion", "relation", "any")
"""What an in-distribution prompt is asked to hold, in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPrompt:
    """A caption, the scene that it is true of, and the held-out pair in it ("" in distribution)."""

    __test__ = False  # not a test of pytest

    caption: Caption
    scene: Scene
    seed: int
    pair: str = ""


def test_prompts(vocabulary: Vocabulary, *, held_out: bool, count: int, seed: int = 0) -> tuple[TestPrompt, ...]:
    """``count`` prompts; the same arguments give the same prompts.

    In distribution a third has a motion in a direction, a third a relation, a third is as it comes; held out, the
    three kinds of pairs take turns.
    """
    first = SEEDS + 1_000_000 * seed + 500_000 * held_out
    result: list[TestPrompt] = []
    while len(result) < count:
        number = first + len(result)
        result.append(_held_out(number, vocabulary) if held_out else _in_distribution(number, vocabulary))
    return tuple(result)


test_prompts.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest


def _wanted(statement: Statement, turn: str) -> bool:
    if turn == "relation":
        return any(fact.kind == "relation" for fact in statement.facts)
    if turn == "motion":
        return any(fact.kind == "motion" and fact.value != "stand" for fact in statement.facts)
    return True


def _in_distribution(number: int, vocabulary: Vocabulary) -> TestPrompt:
    turn = TURNS[number % len(TURNS)]
    for attempt in range(1000):
        seed = number + 1_000_000_000 * attempt
        scene, statement = draw_scene(seed, vocabulary)
        if _wanted(statement, turn):
            break
    return _prompt(scene, statement, number)


def _prompt(scene: Scene, statement: Statement, number: int, pair: str = "") -> TestPrompt:
    caption = write_caption(np.random.default_rng([number, 17]), statement)
    return TestPrompt(caption=caption, scene=scene, seed=number, pair=pair)


def pairs(statement: Statement) -> set[tuple[str, str, str]]:
    """The held-out (kind, first, second) in a statement; a relation counts from both sides."""
    things = statement.things
    found = [("color noun", thing.color, thing.noun) for thing in things if thing.color]
    for fact in statement.facts:
        if fact.kind in ("motion", "relation") and fact.subject is not None:
            found.append((f"noun {fact.kind}", things[fact.subject].noun, fact.value))
        if fact.kind == "relation" and fact.value in ("left", "right") and fact.object is not None:
            found.append(("noun relation", things[fact.object].noun, mirrored(fact.value)))
    return {pair for pair in found if is_held_out(*pair)}


def _held_out(number: int, vocabulary: Vocabulary) -> TestPrompt:
    """A scene with one held-out pair of the kind whose turn it is."""
    rng = np.random.default_rng([number, 19])
    kind = KINDS[number % len(KINDS)]
    chosen = [pair for pair in held_out_pairs(vocabulary) if pair[0] == kind and _can_stage(pair, vocabulary)]
    while True:
        pair = chosen[int(rng.integers(len(chosen)))]
        setup = SETUPS[kind](rng, vocabulary, pair[1], pair[2])
        if len({(thing.noun, thing.color) for thing in setup.things}) < len(setup.things):
            continue  # two that look the same would be told as a group
        scene, statement = stage_setup(rng, setup, vocabulary, seed=number)
        if pairs(statement) == {pair}:
            return _prompt(scene, statement, number, "/".join(pair))


def _can_stage(pair: tuple[str, str, str], vocabulary: Vocabulary) -> bool:
    """Whether a simple scene can show a pair at all, and a caption can say it."""
    kind, first, second = pair
    if kind == "noun relation":
        return second in ("left", "right", "front", "behind")
    if kind == "noun motion":
        floats = first in FLOATING and second in ("fall", "bounce")
        return second in solo_motions(Thing(noun=first, color=""), vocabulary) and not floats
    if second in CAST:
        return CAST[second].dyed
    return not (second in SHARED and first in NATURAL)  # such a color would name the one of the cast


def _color(rng: Rng, vocabulary: Vocabulary, color: str, noun: str) -> Setup:
    """The thing in its unseen color, alone or beside another."""
    thing = replace(draw_thing(rng, vocabulary, (noun,)), color=color)
    if vocabulary.max_things > 1 and rng.random() < 0.5:
        return _side_by_side(rng, thing, draw_thing(rng, vocabulary), str(rng.choice(["left", "right"])))
    moves = [move for move in ("left", "right", "jump") if move in solo_motions(thing, vocabulary)]
    move = str(rng.choice(["stand", *moves]))
    return Setup(things=(set_moving(rng, thing, move),), facts=(Fact(kind="motion", value=move, subject=0),))


def _motion(rng: Rng, vocabulary: Vocabulary, noun: str, move: str) -> Setup:
    thing = set_moving(rng, draw_thing(rng, vocabulary, (noun,)), move)
    return Setup(things=(thing,), facts=(Fact(kind="motion", value=move, subject=0),))


def _relation(rng: Rng, vocabulary: Vocabulary, noun: str, relation: str) -> Setup:
    return _side_by_side(rng, draw_thing(rng, vocabulary, (noun,)), draw_thing(rng, vocabulary), relation)


def _side_by_side(rng: Rng, first: Thing, second: Thing, relation: str) -> Setup:
    """Two resting things, placed as ``scene_templates.beside`` and ``depth`` do."""
    if relation in ("left", "right"):
        sign = -1.0 if relation == "left" else 1.0
        things = [
            replace(thing, x=float(side * rng.uniform(0.9, 1.3)), z=float(rng.uniform(-0.3, 0.3)))
            for thing, side in ((first, sign), (second, -sign))
        ]
    else:
        sign, x = (1.0 if relation == "front" else -1.0), float(rng.uniform(-0.9, 0.9))
        things = [
            replace(first, x=x + float(rng.uniform(-0.3, 0.3)), z=sign * 0.85),
            replace(second, x=x, z=-sign * 0.35),
        ]
    return Setup(things=tuple(things), facts=(Fact(kind="relation", value=relation, subject=0, object=1),))


SETUPS: dict[str, Callable[[Rng, Vocabulary, str, str], Setup]] = {
    "color noun": _color,
    "noun motion": _motion,
    "noun relation": _relation,
}
