from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import COLORS, MOTIONS, PLACES, RELATIONS, TIMES
from ozora.model.maquette import Denoiser
from ozora.model.text import UNKNOWN, TextConfig
from ozora.train.caption_probe import (
    ASKED,
    SILENT,
    answers,
    attach_probe,
    denoiser_weights,
    probe_batch,
    probe_loss,
)
from ozora.train.loop import run_phase
from tests.model.tiny import CONFIG
from tests.train.synthetic import diffusion, write_shelf

THINGS = (Ref(noun="ball", color="red"), Ref(noun="cube", color="blue"))
BESIDE = Statement(things=THINGS, facts=(Fact(kind="relation", value="left", subject=0, object=1),))
PASSING = Statement(things=THINGS, facts=(Fact(kind="motion", value="right", subject=0, object=1),))
TEXT = TextConfig(words=("a", "red", "blue", "ball", "cube"), length=12, width=32, layers=1, heads=2)
RED, BLUE = (1 + list(COLORS).index(color) for color in ("red", "blue"))


def ask(text: str, statement: Statement) -> tuple[Tensor, Tensor]:
    """Words and answers of one text."""
    (words, _), asked = probe_batch([text], [statement], TEXT, torch.Generator().manual_seed(0))
    return words[0], asked[0]


def test_what_is_said_of_each_thing_is_known() -> None:
    left, right = 1 + RELATIONS.index("left"), 1 + RELATIONS.index("right")
    assert answers(BESIDE) == [(RED, 0, left, 0, 0), (BLUE, 0, right, 0, 0)]
    assert answers(PASSING) == [(RED, 1 + MOTIONS.index("right"), 0, 0, 0), (BLUE, 0, 0, 0, 0)]


def test_place_and_time_are_known_of_each_thing() -> None:
    set_ = (Fact(kind="place", value="snow"), Fact(kind="time", value="night"))
    snow, night = 1 + PLACES.index("snow"), 1 + TIMES.index("night")
    assert answers(Statement(things=THINGS, facts=set_)) == [(RED, 0, 0, snow, night), (BLUE, 0, 0, snow, night)]


def test_every_noun_is_asked_and_nothing_else() -> None:
    _, asked = ask("a blue block with a scarlet sphere on its left", BESIDE)
    assert asked[2].tolist() == list(answers(BESIDE)[1])
    assert asked[6].tolist() == list(answers(BESIDE)[0])
    rest = torch.cat([asked[:2], asked[3:6], asked[7:]])
    assert (rest == SILENT).all()


def test_two_of_a_kind_are_told_apart_by_their_colors() -> None:
    balls = Statement(things=(THINGS[0], Ref(noun="ball", color="blue")), facts=BESIDE.facts)
    _, asked = ask("a red ball left of a blue ball", balls)
    assert asked[[2, 7], 0].tolist() == [RED, BLUE]


def test_some_nouns_are_hidden_and_still_asked() -> None:
    texts = ["a red ball left of a blue cube"] * 200
    (words, letters), asked = probe_batch(texts, [BESIDE] * 200, TEXT, torch.Generator().manual_seed(1))
    hidden = words[:, [2, 7]] == UNKNOWN
    assert 0.2 < hidden.float().mean() < 0.4
    assert letters[:, 2][hidden[:, 0]].eq(0).all() and letters[:, 2][~hidden[:, 0]].any()
    assert (asked[:, [2, 7]] != SILENT).all()


def test_the_right_answers_cost_nothing() -> None:
    _, asked = ask("a red ball left of a blue cube", BESIDE)
    logits = torch.full((1, len(asked), sum(ASKED)), -20.0)
    for place in (2, 7):
        for number, answer in enumerate(asked[place].tolist()):
            logits[0, place, sum(ASKED[:number]) + answer] = 20.0
    assert probe_loss(logits, asked[None]).item() == pytest.approx(0.0, abs=1e-5)
    assert probe_loss(-logits, asked[None]).item() > 20


def test_training_teaches_to_read(tmp_path: Path) -> None:
    """The shelf speaks of red and of blue balls: soon the color of a ball is known."""
    reports = list(run_phase(diffusion(write_shelf(tmp_path / "latents"), 40), tmp_path))
    assert reports[-1].figures["reading"] < 0.3 * reports[0].figures["reading"]


def test_a_denoiser_alone_can_be_the_start() -> None:
    denoiser = Denoiser(CONFIG.text, CONFIG.transformer)
    weights = {name: value.clone() + 1 for name, value in denoiser.state_dict().items()}
    kept = denoiser_weights(attach_probe(Denoiser(CONFIG.text, CONFIG.transformer), weights).state_dict())
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], value) for name, value in weights.items())


def test_a_member_of_the_cast_is_asked_at_its_noun() -> None:
    horse, woman = Ref(noun="brown horse"), Ref(noun="woman in a dress", color="red")
    statement = Statement(things=(horse, woman), facts=BESIDE.facts)
    _, asked = ask("a brown horse left of a woman in a red dress", statement)
    assert [place for place in range(len(asked)) if asked[place, 0] != SILENT] == [2, 6]
    assert asked[[2, 6], 0].tolist() == [0, RED]
