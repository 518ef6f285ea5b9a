from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.best_of_n import Sampling, State
from ozora.flow.canvas import KNOWN_LEVEL, Canvas, blank, hold, introduce, levels, place, start
from ozora.flow.schedule import Times, layout_first
from ozora.flow.solvers import SOLVERS
from ozora.shapes import LatentShape

SHAPE = LatentShape(frames=4, height=2, width=3, channels=5)
SIZE = (5, 4, 2, 3)


def _draw(seed: int, size: tuple[int, ...] = SIZE) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def _canvas() -> tuple[Canvas, Tensor, Tensor]:
    """First and last frame known."""
    first, last = _draw(1, (5, 1, 2, 3)), _draw(2, (5, 1, 2, 3))
    return place(place(blank(SHAPE), first, 0), last, 3), first, last


def test_nothing_is_known_on_a_blank_canvas() -> None:
    canvas = blank(SHAPE)
    assert canvas.value.shape == SIZE
    assert canvas.known.shape == (4, 2, 3) and not canvas.known.any()
    noise = _draw(0)
    assert torch.equal(start(canvas, noise), noise)
    assert (levels(canvas, 0.7) == 0.7).all()


def test_placing_frames_leaves_the_other_canvas_alone() -> None:
    canvas = blank(SHAPE)
    latent = _draw(1, (5, 2, 2, 3))
    placed = place(canvas, latent, 1)
    assert not canvas.known.any() and not canvas.value.any()
    assert placed.known.all(dim=(1, 2)).tolist() == [False, True, True, False]
    assert torch.equal(placed.value[:, 1:3], latent)


def test_known_tokens_sit_at_the_data_end() -> None:
    canvas, _, _ = _canvas()
    at = levels(canvas, 0.9)
    assert (at[[0, 3]] == torch.tensor(KNOWN_LEVEL)).all()
    assert (at[[1, 2]] == torch.tensor(0.9)).all()
    assert (levels(canvas, 0.01) == torch.tensor(0.01)).all(), "nothing is noisier than the rest"


def test_a_frame_that_is_known_in_part_is_as_noisy_as_the_unknown_ones() -> None:
    region = torch.zeros(1, 2, 3, dtype=torch.bool)
    region[:, 0] = True
    latent = _draw(1, (5, 1, 2, 3))
    canvas = place(blank(SHAPE), latent, 2, known=region)
    assert canvas.known[2, 0].all() and not canvas.known[2, 1].any()
    assert torch.equal(canvas.value[:, 2, 0], latent[:, 0, 0]) and not canvas.value[:, 2, 1].any()
    assert (levels(canvas, 0.9) == torch.tensor(0.9)).all()


def test_the_start_is_noise_around_what_is_known() -> None:
    canvas, first, last = _canvas()
    noise = _draw(0)
    x = start(canvas, noise)
    assert torch.equal(x[:, :1], first) and torch.equal(x[:, 3:], last)
    assert torch.equal(x[:, 1:3], noise[:, 1:3])


@pytest.mark.parametrize("solver", SOLVERS)
def test_known_tokens_are_untouched_by_a_whole_sampling(solver: str) -> None:
    canvas, first, last = _canvas()
    data = _draw(9)
    work = Sampling(
        predict=hold(canvas, lambda x, times: data),
        times=layout_first(8, layout_shift=2.0, shift=2.0),
        layout=0,
        begin=lambda candidate: start(canvas, _draw(0)),
        fresh=lambda candidate, step: start(canvas, _draw(step)),
        solver=SOLVERS[solver],
    )
    x = start(canvas, _draw(0))
    for state in work.states(State(x=x), candidates=1):
        x = state.x
        torch.testing.assert_close(x[:, [0, 3]], torch.cat([first, last], dim=1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(x[:, 1:3], data[:, 1:3])


def test_the_prediction_sees_the_known_tokens() -> None:
    canvas, first, last = _canvas()
    seen: list[Tensor] = []

    def predict(x: Tensor, _: Times) -> Tensor:
        seen.append(x)
        return torch.ones_like(x)

    data = hold(canvas, predict)(start(canvas, _draw(0)), Times(layout=0.0, picture=0.5))
    assert torch.equal(seen[0][:, :1], first)
    assert data[:, 1:3].eq(1).all() and torch.equal(data[:, 3:], last)


def test_channels_in_front_of_the_canvas_are_free() -> None:
    canvas, first, _ = _canvas()
    noise = torch.cat([torch.ones(2, *SIZE[1:]), _draw(0)])
    x = start(canvas, noise)
    assert x[:2].eq(1).all() and torch.equal(x[2:, :1], first)
    data = hold(canvas, lambda x, _: torch.ones_like(x))(x, Times(layout=0.0, picture=0.5))
    assert data[:2].eq(1).all() and torch.equal(data[2:, :1], first) and data[2:, 1:3].eq(1).all()


def test_a_reference_comes_before_the_clip_and_is_known() -> None:
    canvas, first, _ = _canvas()
    shown = _draw(7, (5, 1, 2, 3))
    both = introduce(canvas, shown)
    assert both.references == 1 and canvas.references == 0
    assert torch.equal(both.value[:, :1], shown) and torch.equal(both.value[:, 1:], canvas.value)
    assert both.known.all(dim=(1, 2)).tolist() == [True, True, False, False, True]
    assert introduce(canvas, first[:, :0]).value.shape == SIZE, "no picture, no change"
    assert place(both, first, 2).references == 1
