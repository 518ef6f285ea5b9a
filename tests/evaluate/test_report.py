from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console

from ozora.evaluate.prompts import test_prompts
from ozora.evaluate.report import (
    WHOLE,
    Comparison,
    Score,
    Tally,
    compare,
    contrary,
    markdown,
    prompt_sets,
    render,
    score,
    show,
    tally,
    through,
    wilson,
)
from ozora.language.cast import CAST
from ozora.language.prompt_parser import parse_prompt
from ozora.language.vocabulary import FULL, SMALL
from ozora.model.autoencoder import Autoencoder
from ozora.perception.parser import Parser
from ozora.perception.verifiers import category
from ozora.shapes import VideoShape
from ozora.stage.renderer import Renderer
from tests.model.tiny import CONFIG


def test_wilson_against_published_values() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0 and wilson(10, 10)[0] == pytest.approx(0.7225, abs=1e-3)


def test_facts_are_counted_by_category() -> None:
    statement = parse_prompt("two red dogs jump in the snow").statement
    assert [category(fact, statement) for fact in statement.facts] == ["count", "other motion", "place"]
    statement = parse_prompt("a cat runs left to the right of a dog, the camera pans left").statement
    assert [category(fact, statement) for fact in statement.facts] == [
        *("color and noun", "color and noun", "direction", "left or right", "camera")
    ]


def test_contraries_are_false() -> None:
    statement = parse_prompt("a red ball to the left of a blue cube at night").statement
    by_kind = {fact.kind: contrary(fact, statement, SMALL) for fact in statement.facts}
    false = by_kind["exists"], by_kind["relation"], by_kind["time"]
    assert all(other is not None and len(other.facts) == 1 for other in false)
    assert false[0] is not None and false[0].things[0] == statement.things[0]
    assert false[0].things[1] not in statement.things
    assert false[1] is not None and false[1].facts[0].value == "right"
    assert false[2] is not None and false[2].facts[0].value != "night"
    weather = parse_prompt("a ball in the rain").statement
    assert contrary(weather.facts[-1], weather, SMALL) is None


def test_unsettled_facts_are_counted_apart() -> None:
    tallies = tally([("place", True), ("weather", None), ("place", False), ("color and noun", True)])
    assert list(tallies) == ["color and noun", "place", "weather"]
    assert tallies["place"] == Tally(holds=1, counted=2)
    assert tallies["weather"] == Tally(unsettled=1)
    assert np.isnan(tallies["weather"].share)


def test_the_table_names_what_was_not_measured() -> None:
    partial = Score(tallies={"place": Tally(holds=3, counted=4), "weather": Tally(unsettled=2)})
    text = markdown({"in distribution": Comparison(model=partial)})
    assert "| place | 75.0% [30% - 95%] of 4 |  |  |  |" in text
    assert "| weather | not verified (2) |" in text
    console = Console(width=160, record=True, file=None, quiet=True)
    show({"in distribution": Comparison(model=partial)}, console)
    assert Comparison(model=partial).to_dict()["model"]["place"]["holds"] == 3


@pytest.mark.egl
def test_a_model_that_paints_the_truth_scores_as_the_checker(parser: Parser, renderer: Renderer) -> None:
    prompts = test_prompts(SMALL, held_out=False, count=4)
    clips = {prompt.seed: render(prompt, renderer, 13) for prompt in prompts}
    shape = VideoShape(frames=13, height=128, width=224, fps=Fraction(3))
    found = compare(
        lambda _, seed: clips[seed], prompts, parser, shape, reconstruct=np.zeros_like, console=Console(quiet=True)
    )
    assert found.model == found.renders
    assert found.rejects is not None and found.autoencoder is not None
    assert found.autoencoder.tallies[WHOLE].holds == 0
    assert found.rejects.tallies["color and noun"].share == 1.0


def test_what_does_not_hold_is_listed_by_its_prompt(parser: Parser) -> None:
    prompts = test_prompts(SMALL, held_out=False, count=1)
    black = score(lambda *_: np.zeros((13, 128, 224, 3), np.uint8), prompts, parser)
    assert {miss.prompt for miss in black.missed} == {prompts[0].caption.text}
    assert {"kind": "exists", "value": ""}.items() <= black.to_dict()["missed"][0].items()
    assert len(black.missed) == sum(one.counted - one.holds for name, one in black.tallies.items() if name != WHOLE)


def test_toys_and_the_cast_are_judged_apart() -> None:
    sets = prompt_sets(FULL, 12)
    assert {title: len(some) for title, some in sets.items()} == {
        "toys, in distribution": 3,
        "toys, held-out pairs": 3,
        "cast, in distribution": 3,
        "cast, held-out pairs": 3,
    }
    for title, some in sets.items():
        of_cast = {ref.noun in CAST for prompt in some for ref in prompt.caption.statement.things}
        assert of_cast == {title.startswith("cast")}
    assert list(prompt_sets(SMALL, 4)) == ["toys, in distribution", "toys, held-out pairs"]


def test_a_clip_goes_through_an_autoencoder() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (9, 64, 96, 3), np.uint8)
    made = through(Autoencoder(CONFIG.autoencoder).eval())(frames)
    assert made.shape == frames.shape and made.dtype == np.uint8


@pytest.mark.egl
def test_without_the_pack_of_the_cast_the_model_alone_is_scored(
    parser: Parser, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    del renderer
    monkeypatch.setenv("OZORA_TROUPE", "none.pack")
    prompts = prompt_sets(FULL, 4)["cast, in distribution"]
    shape = VideoShape(frames=13, height=128, width=224, fps=Fraction(12))
    black = np.zeros((13, 128, 224, 3), np.uint8)
    found = compare(lambda *_: black, prompts, parser, shape, console=Console(quiet=True))
    assert found.renders is None and found.model.tallies["color and noun"].holds == 0
