from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.perception.check import Check, prompt_numbers
from ozora.perception.parser import Parser
from ozora.plan import Plan, Prompt, tell_missing
from ozora.shapes import VideoShape
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Motion, Scene, Thing

SHAPE = VideoShape(frames=49, height=128, width=224, fps=Fraction(12))
BALL = Thing(noun="ball", color="red", x=0.0, z=0.3, motion=Motion(kind="left"))


def plan(*texts: str, shape: VideoShape = SHAPE) -> Plan:
    each_s = shape.duration_s / len(texts)
    prompts = tuple(Prompt(text=text, start_s=number * each_s) for number, text in enumerate(texts))
    return Plan(prompts=prompts, shape=shape, model="maquette", seed=0)


def rolling(frames: int = 49) -> NDArray[np.uint8]:
    scene = Scene(things=(BALL,), place="meadow")
    return Renderer(128, 224).render(draw(scene, np.arange(frames) / 12, 224 / 128)).rgb


def checked(what: Plan, frames: NDArray[np.uint8], parser: Parser, *, piece: int = 7) -> dict[str, bool | None]:
    check = Check(what, parser=parser)
    for start in range(0, len(frames), piece):
        check.add(frames[start : start + piece])
    return {finding.fact: finding.shows for finding in check.findings()}


@pytest.mark.egl
def test_what_is_asked_for_and_not_there_is_said(parser: Parser) -> None:
    found = checked(plan("a red ball rolls left beside a blue robot in a meadow, rain"), rolling(), parser)
    assert found["a red ball"] is found["a red ball rolls to the left"] is found["in a meadow"] is True
    assert found["a blue robot"] is found["in the rain"] is False
    assert not any("robot" in fact and "ball" in fact for fact in found), "what hangs on a missing thing is not told"


@pytest.mark.egl
def test_pieces_do_not_matter(parser: Parser) -> None:
    frames, what = rolling(), plan("a red ball rolls left in a meadow")
    assert checked(what, frames, parser, piece=49) == checked(what, frames, parser, piece=5)


@pytest.mark.egl
def test_each_prompt_is_checked_in_its_own_time(parser: Parser) -> None:
    what = plan("a red ball rolls left", "a green dog")
    check = Check(what, parser=parser)
    check.add(rolling())
    findings = check.findings()
    assert {(finding.prompt, finding.shows) for finding in findings} == {(0, True), (1, False)}
    (line,) = tell_missing(findings)
    assert line.startswith("shot 2: not seen: a green dog (try another seed, or several takes")


@pytest.mark.egl
def test_a_picture_shows_no_motion(parser: Parser) -> None:
    found = checked(plan("a red ball rolls left", shape=replace(SHAPE, frames=1)), rolling(1), parser)
    assert found == {"a red ball": True}


@pytest.mark.egl
def test_given_frames_are_not_looked_at(parser: Parser) -> None:
    what = plan("a red ball")
    check = Check(what, given=np.ones(49, bool), parser=parser)
    check.add(rolling())
    assert check.findings() == ()


def test_frames_belong_to_the_prompt_that_has_begun() -> None:
    numbers = prompt_numbers(plan("a", "b", "c", "d"))
    assert np.bincount(numbers).tolist() == [13, 12, 12, 12]
