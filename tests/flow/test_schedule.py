from __future__ import annotations

import pytest
import torch

from ozora.flow.schedule import draw_times, shift, staggered, times


def test_times_fall_from_noise_to_data() -> None:
    grid = times(8)
    assert grid.dtype == torch.float64
    assert grid.tolist() == [1 - i / 8 for i in range(9)]


@pytest.mark.parametrize("factor", [1.0, 2.0, 5.0])
def test_shifted_times_keep_their_ends_and_their_order(factor: float) -> None:
    grid = times(10, factor=factor)
    assert (grid[0].item(), grid[-1].item()) == (1.0, 0.0)
    assert (grid.diff() < 0).all()


def test_shift_leans_toward_noise() -> None:
    inside = times(10)[1:-1]
    assert torch.equal(shift(inside, 1.0), inside)
    assert (shift(inside, 2.0) > inside).all()
    assert shift(torch.tensor(0.5, dtype=torch.float64), 3.0).item() == pytest.approx(0.75)


def test_shifts_combine_by_product() -> None:
    """Equation 23 composes: the noise-to-data ratio is multiplied each time."""
    inside = times(10)[1:-1]
    torch.testing.assert_close(shift(shift(inside, 2.0), 1.5), shift(inside, 3.0))


def test_drawn_times_are_seeded_and_inside() -> None:
    first = draw_times((4000,), torch.Generator().manual_seed(3))
    assert torch.equal(first, draw_times((4000,), torch.Generator().manual_seed(3)))
    assert not torch.equal(first, draw_times((4000,), torch.Generator().manual_seed(4)))
    assert first.min() > 0 and first.max() < 1


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.4])
def test_drawn_times_are_logit_normal(mean: float) -> None:
    logits = torch.logit(draw_times((20000,), torch.Generator().manual_seed(0), mean=mean, spread=0.5))
    assert logits.mean().item() == pytest.approx(mean, abs=0.02)
    assert logits.std().item() == pytest.approx(0.5, abs=0.02)


def test_the_first_channels_lead() -> None:
    grid = staggered(7, 2, 5, lead=3.0, factor=2.0)
    assert grid.shape == (8, 5, 1, 1, 1)
    lead, rest = grid[:, 1].flatten(), grid[:, 2].flatten()
    assert torch.equal(lead[:4], times(3, factor=3.0)) and not lead[4:].any()
    assert rest[:3].eq(1).all() and torch.equal(rest[3:], times(4, factor=2.0))
    assert torch.equal(grid[:, 0], grid[:, 1]) and torch.equal(grid[:, 4], grid[:, 2])


def test_a_single_step_takes_all_at_once() -> None:
    assert staggered(1, 1, 2, lead=3.0, factor=2.0).flatten(1).tolist() == [[1.0, 1.0], [0.0, 0.0]]
