from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.errors import CapabilityError, SizeError, UserError
from ozora.media import write_video
from ozora.server.requests import Wish, plan_of
from ozora.server.sources import Given
from tests.server.stub import StubBackend

ALIASES = {"sora-2": "stub"}


def test_a_wish_becomes_a_plan(stub: StubBackend) -> None:
    wish = Wish(verb="create", prompt="a ball", size="96x64", seconds="2", seed=7, steps=3, guidance=1.5, fps="8")
    plan = plan_of(wish, ALIASES)
    assert (plan.model, plan.seed, plan.sampler.steps, plan.sampler.guidance) == ("stub", 7, 3, 1.5)
    assert (plan.shape.frames, plan.shape.width, plan.shape.height) == (16, 96, 64)


def test_others_names_bring_others_defaults(stub: StubBackend) -> None:
    foreign = plan_of(Wish(verb="create", prompt="a ball"), ALIASES)
    assert (foreign.shape.width, foreign.shape.height, str(foreign.shape.duration_s)) == (720, 1280, "4")
    ours = plan_of(Wish(verb="create", prompt="a ball", model="stub"), ALIASES)
    assert (ours.shape.width, ours.shape.height, str(ours.shape.duration_s)) == (16, 16, "1")


def test_nothing_that_is_not_wanted_is_no_wish(stub: StubBackend) -> None:
    assert plan_of(Wish(verb="create", prompt="a ball", negative_prompt=" ", seed=1), ALIASES).seed == 1


def test_what_is_too_long_is_refused(stub: StubBackend) -> None:
    with pytest.raises(SizeError):
        plan_of(Wish(verb="create", prompt="a ball", seconds="12"), ALIASES)


def test_what_is_missing_is_named(stub: StubBackend) -> None:
    with pytest.raises(CapabilityError, match="leave"):
        plan_of(Wish(verb="create", prompt="a ball", strength=0.5), ALIASES)
    with pytest.raises(CapabilityError, match="what not to show; these can: maquette"):
        plan_of(Wish(verb="create", prompt="a ball", model="stub", negative_prompt="rain"), ALIASES)


def test_what_is_not_wanted_is_in_the_plan(stub: StubBackend) -> None:
    assert plan_of(
        Wish(verb="create", prompt="a ball", model="maquette", negative_prompt=" a  dog "), ALIASES
    ).negative == ("a dog")


def test_a_blend_has_a_frame(stub: StubBackend, tmp_path: Path) -> None:
    first, second = tmp_path / "first.mp4", tmp_path / "second.mp4"
    write_video(np.zeros((4, 16, 16, 3), np.uint8), Fraction(4), first)
    write_video(np.zeros((1, 16, 16, 3), np.uint8), Fraction(30), second)
    with pytest.raises(UserError, match="shorter than one frame"):
        plan_of(Wish(verb="blend", prompt="a ball", given=Given(video=first, other=second)), ALIASES)
