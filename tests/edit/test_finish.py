from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.edit.finish import Finish
from ozora.edit.given import Given
from ozora.plan import Plan, Prompt
from ozora.shapes import VideoShape

NATIVE = VideoShape(frames=37, height=16, width=24, fps=Fraction(12))
PLAN = Plan(prompts=(Prompt(text="a"),), shape=replace(NATIVE, frames=36), model="any", seed=1)
DRAW = np.random.default_rng(7)
PAINTED = DRAW.integers(0, 255, (37, 16, 24, 3), dtype=np.uint8)
SPLITS = [(37,), (1, 36), (13, 18, 6), (1,) * 37, (4, 0, 20, 13)]


def finish(plan: Plan, given: tuple[Given, ...], split: tuple[int, ...]) -> NDArray[np.uint8]:
    """What comes out of pieces of these lengths."""
    made = Finish(plan, NATIVE, given)
    ends = np.cumsum(split)
    pieces = [made.add(PAINTED[end - size : end]) for end, size in zip(ends, split, strict=True) if size]
    return np.concatenate([*pieces, made.end()])


def dissolving(*starts: Fraction) -> tuple[Prompt, ...]:
    return (Prompt(text="a"), *(Prompt(text="b", start_s=start, enter="dissolve") for start in starts))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        replace(PLAN, shape=replace(PLAN.shape, frames=90, fps=Fraction(30), height=20, width=20)),
        replace(PLAN, shape=replace(PLAN.shape, frames=12, fps=Fraction(4))),
        replace(PLAN, prompts=dissolving(Fraction(1), Fraction(5, 4))),
        replace(PLAN, prompts=dissolving(Fraction(1, 12), Fraction(35, 12))),
    ],
)
def test_pieces_of_any_length_give_the_same_frames(plan: Plan, split: tuple[int, ...]) -> None:
    """With given frames at both ends, in the middle, a single one, and a region."""
    shape = plan.shape
    pictures = np.random.default_rng(1).integers(0, 255, (shape.frames, shape.height, shape.width, 3), dtype=np.uint8)
    known = np.ones(pictures.shape[:3], bool)
    known[:, 8:, 8:12] = False
    third = shape.frames // 3
    runs = (Given(frame=0, pictures=pictures[:third]), Given(frame=2 * third, pictures=pictures[:2]))
    for given in ((), runs, (Given(frame=third, pictures=pictures[:third], known=known[:third]), runs[1])):
        whole = finish(plan, given, (37,))
        assert whole.shape == pictures.shape
        assert np.array_equal(finish(plan, given, split), whole)


@pytest.mark.parametrize("split", [(37,), (1, 36), (13, 18, 6), (1,) * 37])
def test_things_move_on_between_painted_frames(split: tuple[int, ...]) -> None:
    """At 30 frames a second of 12, piece by piece; the frames of the same time are the painted ones."""
    ground = np.random.default_rng(0).integers(40, 200, (4, 6, 1)).repeat(3, axis=2)
    painted = np.kron(ground, np.ones((16, 16, 1), int)).astype(np.uint8)[None].repeat(37, axis=0)
    for number in range(37):
        painted[number, 16:40, number : 24 + number] = (230, 30, 30)
    native = replace(NATIVE, height=64, width=96)
    plan = replace(PLAN, shape=replace(native, frames=90, fps=Fraction(30)))
    made = Finish(plan, native, ())
    ends = np.cumsum(split)
    frames = np.concatenate([*(made.add(painted[e - n : e]) for e, n in zip(ends, split, strict=True)), made.end()])
    assert frames.shape == (90, 64, 96, 3)
    assert np.array_equal(frames[::5], painted[:36:2])
    places = [float(np.flatnonzero(frame[28, :, 0] > 215).mean()) for frame in frames]
    assert np.abs(np.array(places) - places[0] - 0.4 * np.arange(90)).max() < 1


def test_nothing_is_put_between_two_shots() -> None:
    """Nor at a time that is not one of the frames."""
    native = replace(NATIVE, height=64, width=96)
    painted = np.full((37, 64, 96, 3), 90, np.uint8)
    painted[13:, 20:40, 20:40] = 120
    prompts = (Prompt(text="a"), Prompt(text="b", start_s=Fraction(13, 12), enter="cut"))
    plan = replace(PLAN, prompts=prompts, shape=replace(native, frames=90, fps=Fraction(30)))
    for pieces in ([painted], [painted[:5], painted[5:30], painted[30:]]):
        made = Finish(plan, native, ())
        frames = np.concatenate([*map(made.add, pieces), made.end()])
        assert len(frames) == 90
        assert np.array_equal(np.unique(frames), [90, 120])
        assert (frames[:32, 30, 30] == 90).all() and (frames[32:, 30, 30] == 120).all()


def test_a_dissolve_rises_out_of_the_last_picture() -> None:
    frames = np.concatenate([np.zeros((12, 4, 4, 3), np.uint8), np.full((12, 4, 4, 3), 200, np.uint8)])
    shape = VideoShape(frames=24, height=4, width=4, fps=Fraction(12))
    plan = replace(PLAN, prompts=dissolving(Fraction(1)), shape=shape)
    made = Finish(plan, shape, ())
    levels = np.concatenate([made.add(frames), made.end()])[:, 0, 0, 0].astype(int)
    assert (levels[:12] == 0).all() and (levels[18:] == 200).all()
    assert (np.diff(levels[11:19]) > 20).all()
    cut = replace(plan, prompts=(plan.prompts[0], replace(plan.prompts[1], enter="cut")))
    assert np.array_equal(Finish(cut, shape, ()).add(frames), frames)


def test_the_last_frame_stands_where_too_few_are_painted() -> None:
    made = Finish(PLAN, NATIVE, ())
    first = made.add(PAINTED[:30])
    assert np.array_equal(first, PAINTED[:30])
    assert np.array_equal(made.end(), PAINTED[29:30].repeat(6, axis=0))


def test_frames_are_not_held_back_without_need() -> None:
    free, seamed = Finish(PLAN, NATIVE, ()), Finish(PLAN, NATIVE, (Given(frame=30, pictures=PAINTED[:6]),))
    assert len(free.add(PAINTED[:13])) == 13
    assert 0 < len(seamed.add(PAINTED[:13])) < 13
