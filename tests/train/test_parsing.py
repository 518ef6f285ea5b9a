from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.language.vocabulary import FULL, SMALL
from ozora.train.lessons import NO_COLOR, Lessons
from ozora.train.loop import run_phase
from ozora.train.optimizers import Schedule
from ozora.train.parsing import CUT, ParserPhase, Parsing, cut, kinds, worsen

COUNT = 8


def squares() -> Lessons:
    """Red balls and blue cubes, flat, on gray."""
    rgb = torch.full((COUNT, 128, 224, 3), 128, dtype=torch.uint8)
    noun = torch.zeros(COUNT, 64, 112, dtype=torch.uint8)
    color = torch.full((COUNT, 64, 112), NO_COLOR, dtype=torch.uint8)
    for i in range(COUNT):
        kind = i % 2
        rgb[i, 40:80, 60 + 8 * i : 120 + 8 * i] = torch.tensor([[230, 20, 20], [20, 20, 230]][kind], dtype=torch.uint8)
        noun[i, 20:40, 30 + 4 * i : 60 + 4 * i] = 1 + SMALL.nouns.index(("ball", "cube")[kind])
        color[i, 20:40, 30 + 4 * i : 60 + 4 * i] = SMALL.colors.index(("red", "blue")[kind])
    number = torch.arange(COUNT) % 2
    return Lessons(rgb=rgb, noun=noun, color=color, place=number, time=number, weather=0 * number, decoded=number == 0)


def phase(steps: int, folder: Path) -> Parsing:
    config = ParserPhase(schedule=Schedule(steps=steps, rate=2e-2, warmup=2), batch=2, tested=4)
    made = Parsing(name="parser", phase=config, vocabulary=SMALL, folder=folder)
    made._lessons = squares()
    return made


def test_training_learns_what_is_there(tmp_path: Path) -> None:
    reports = list(run_phase(phase(60, tmp_path), tmp_path))
    assert reports[-1].figures["loss"] < 0.5 * reports[0].figures["loss"]
    assert reports[-1].examined["drawn things"] == reports[-1].examined["decoded kinds"] == 1.0


def test_a_stopped_training_goes_on_bit_for_bit(tmp_path: Path) -> None:
    list(run_phase(phase(6, tmp_path), tmp_path / "whole"))
    list(run_phase(phase(6, tmp_path), tmp_path / "halves", stop=lambda seconds: seconds > 0))
    list(run_phase(phase(6, tmp_path), tmp_path / "halves"))
    files = [next((tmp_path / name / "parser").glob("step-00000006*")) for name in ("whole", "halves")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_squares_lie_around_things() -> None:
    taken = cut(squares(), torch.arange(COUNT), torch.Generator().manual_seed(0))
    assert taken.rgb.shape == (COUNT, 2 * CUT, 2 * CUT, 3) and taken.noun.shape == (COUNT, CUT, CUT)
    assert (taken.noun > 0).flatten(1).any(1).all()
    red = (taken.rgb[0, ::2, ::2, 0] > 200).numpy()
    assert np.array_equal(red, (taken.noun[0] > 0).numpy()), "truth and picture are cut alike"


def test_worse_pictures_stay_pictures() -> None:
    picture = torch.rand(8, 3, 128, 224) * 2 - 1
    worse = worsen(picture, torch.Generator().manual_seed(0))
    assert worse.shape == picture.shape
    assert worse.min() >= -1 and worse.max() <= 1
    assert 0.01 < (worse - picture).abs().mean() < 0.5


@pytest.mark.parametrize(("one", "other", "alike"), [("brown horse", "zebra", False), ("oak tree", "pine tree", True)])
def test_variants_are_one_kind(one: str, other: str, alike: bool) -> None:
    numbers = kinds(FULL)
    first, second = (numbers[1 + FULL.nouns.index(noun)] for noun in (one, other))
    assert bool(first == second) == alike
