from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch

from ozora.backends.clip import CONTEXT, Clip
from ozora.backends.wording import Wording
from ozora.edit.given import Given, Reference
from ozora.flow.best_of_n import State
from ozora.language.vocabulary import SMALL
from ozora.model.engine import PlainEngine
from ozora.model.maquette import Maquette
from ozora.plan import Plan, Prompt, Sampler
from ozora.shapes import VideoShape
from tests.model.tiny import CONFIG

PROMPTS = (Prompt(text="a red ball"),)


def clip(
    frames: int = 25,
    given: tuple[Given, ...] = (),
    *,
    prompts: tuple[Prompt, ...] = PROMPTS,
    width: int = 96,
    init: np.ndarray | None = None,
    references: tuple[Reference, ...] = (),
) -> Clip:
    torch.manual_seed(0)
    model = Maquette(CONFIG).eval().requires_grad_(False)
    shape = VideoShape(frames=frames, height=64, width=width, fps=Fraction(12))
    sampler = Sampler(solver="dpm-2m", steps=6, guidance=1.0)
    plan = Plan(prompts=prompts, shape=shape, model="maquette", seed=1, sampler=sampler)
    wording = Wording(vocabulary=SMALL, free=not given)
    return Clip(model, PlainEngine(model), wording, plan, shape, given, init=init, references=references)


def gray(count: int, width: int = 96) -> np.ndarray:
    return np.full((count, 64, width, 3), 90, np.uint8)


def test_a_short_clip_is_one_window_and_a_long_one_sees_what_is_before() -> None:
    assert [(task.window.first, task.window.size) for task in clip(25).tasks] == [(0, 7)]
    windows = [task.window for task in clip(73).tasks]
    assert [window.opens for window in windows] == [True] + [False] * (len(windows) - 1)
    for before, after in itertools.pairwise(windows):
        assert before.stop - after.first == CONTEXT
    assert windows[-1].stop == 19


def test_each_task_has_the_time_of_what_it_paints() -> None:
    second = Prompt(text="a blue cube", start_s=Fraction(3))
    work = clip(73, prompts=(Prompt(text="a red ball", end_s=Fraction(3)), second))
    times = [task.time_s for task in work.tasks]
    assert times[0] == 0 and times == sorted(times)
    assert any(time_s >= 3 for time_s in times)


def test_a_state_begins_as_noise_around_what_is_given() -> None:
    free, held = clip(), clip(given=(Given(frame=0, pictures=gray(1)),))
    for work, known in ((free, 0), (held, 1)):
        _, state, canvas = work.sampling(0, 1)
        assert int(canvas.known.all(dim=(1, 2)).sum()) == known
        assert torch.equal(state.x[work.layout :, :known], canvas.value[:, :known])
    assert not held.canvas.value[:, 0].eq(0).all()


def test_new_noise_differs_by_step_candidate_and_window_and_is_the_same_again() -> None:
    work = clip(73)
    sampling, _, _ = work.sampling(0, 1)
    again, _, _ = clip(73).sampling(0, 1)
    assert torch.equal(sampling.fresh(0, 1), again.fresh(0, 1))
    others = [sampling.fresh(0, 2), sampling.fresh(1, 1), work.sampling(1, 1)[0].fresh(0, 1)]
    assert not any(torch.equal(sampling.fresh(0, 1), other) for other in others)


def test_a_reference_of_any_size_comes_before_the_clip() -> None:
    reference = Reference(picture=np.zeros((30, 50, 3), np.uint8))
    _, state, canvas = clip(references=(reference,)).sampling(0, 1)
    assert canvas.references == 1 and state.x.shape[1] == 8
    assert canvas.known[0].all() and not canvas.known[1:].any()


def test_a_clip_that_is_painted_over_begins_at_it_and_is_not_scored() -> None:
    work = clip(init=gray(25))
    times = work.tasks[0].times
    assert times[0].picture == times[1].picture < 1
    sampling, _, _ = work.sampling(0, 3)
    assert sampling.score is None


def test_a_narrow_clip_is_the_middle_of_its_canvas() -> None:
    work = clip(width=40)
    assert (work.shape.height, work.shape.width, work.native.width) == (96, 64, 40), "upright"
    assert work.canvas.known.shape == (7, 3, 2)
    pictures = np.arange(96)[:, None, None] + np.arange(64)[None, :, None].repeat(3, 2)
    cropped = work.crop(pictures.astype(np.uint8))
    assert cropped.shape == (64, 40, 3) and cropped[[0, -1], [0, -1], 0].tolist() == [16 + 12, 79 + 51]
    sampling, _, _ = work.sampling(0, 1)
    assert sampling.finish is not None
    wide, _, _ = clip().sampling(0, 1)
    tall, _, _ = clip(width=62).sampling(0, 1)
    assert wide.finish is None and tall.finish is None
    held, _, _ = clip(given=(Given(frame=0, pictures=gray(1, 40)),), width=40).sampling(0, 1)
    assert held.finish is None, "what is given stays where it is"


@pytest.mark.parametrize("step", [1, 5])
def test_a_preview_is_a_layout_first_and_then_a_picture(step: int) -> None:
    work = clip(width=40)
    sampling, state, canvas = work.sampling(0, 1)
    states = list(sampling.states(state, candidates=1))
    picture = work.preview(states[step - 1], canvas.references, work.tasks[0])
    assert picture.shape == (64, 40, 3) and picture.dtype == np.uint8


def test_what_is_painted_is_put_at_the_end_of_its_window() -> None:
    work = clip()
    painted = torch.ones(CONFIG.autoencoder.channels, 7, 2, 3)
    work.put(painted, work.tasks[0].window)
    assert work.canvas.known.all() and work.canvas.value.eq(1).all()


def test_states_can_be_gone_on_from() -> None:
    work = clip()
    sampling, begin, _ = work.sampling(0, 1)
    whole = list(sampling.states(begin, candidates=1))
    middle = whole[3]
    again = State(step=middle.step, x=middle.x, data=middle.data)
    *_, last = sampling.states(again, candidates=1)
    assert torch.equal(last.x, whole[-1].x)
