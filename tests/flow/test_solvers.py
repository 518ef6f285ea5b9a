from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from ozora.flow.path import mix
from ozora.flow.schedule import times
from ozora.flow.solvers import SOLVERS, Solver, Step, ancestral, dpm_2m, euler, heun

SIGMA = 0.6
MEAN = 1.5


def gaussian_data(x: Tensor, t: float) -> Tensor:
    """Exact E[x | x_t] on the path from N(MEAN, SIGMA^2) to N(0, 1)."""
    gain = (1 - t) * SIGMA**2 / ((1 - t) ** 2 * SIGMA**2 + t**2)
    return MEAN + gain * (x - (1 - t) * MEAN)


def gaussian_flow(noise: Tensor) -> Tensor:
    """Where that prediction carries noise: the affine map between the two Gaussians."""
    return MEAN + SIGMA * noise


class Count:
    """A prediction that counts how often, and at which times, it is asked."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def __call__(self, x: Tensor, t: float) -> Tensor:
        self.asked.append(t)
        return gaussian_data(x, t)


def solve(solver: Solver, grid: tuple[float, ...], x: Tensor, predict: Count | None = None) -> Iterator[Tensor]:
    """The state after every step of ``grid``."""
    ask = predict or Count()
    earlier, before = None, 1.0
    for number, (t, t_next) in enumerate(itertools.pairwise(grid)):
        data = ask(x, t)

        def fresh(number: int = number, like: Tensor = x) -> Tensor:
            return torch.randn(like.shape, generator=torch.Generator().manual_seed(number), dtype=like.dtype)

        step = Step(x=x, data=data, t=t, t_next=t_next, earlier=earlier, earlier_t=before, predict=ask, fresh=fresh)
        x, earlier, before = solver(step), data, t
        yield x


def marginal(noise: Tensor, t: float) -> Tensor:
    """Where the exact flow carries noise until time ``t``: it keeps its distance from the mean, in deviations."""
    return (1 - t) * MEAN + math.sqrt((1 - t) ** 2 * SIGMA**2 + t**2) * noise


def error(solver: Solver, steps: int) -> float:
    """Largest error of a solve over ``steps`` equal steps of log_snr from -2 to 2."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    grid = tuple(1 / (1 + math.exp(-2 + 4 * step / steps)) for step in range(steps + 1))
    *_, last = solve(solver, grid, marginal(noise, grid[0]))
    return (last - marginal(noise, grid[-1])).abs().max().item()


@pytest.mark.parametrize(("solver", "order"), [(euler, 1.0), (heun, 2.0), (dpm_2m, 2.0)])
def test_order_of_accuracy(solver: Solver, order: float) -> None:
    """Slope of the error over the step size, by halving the step."""
    slope = math.log2(error(solver, 64) / error(solver, 128))
    assert slope == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize(("steps", "ratio"), [(4, 1.0), (8, 0.7), (16, 0.2)])
def test_2m_is_nearer_than_euler_for_the_same_evaluations(steps: int, ratio: float) -> None:
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    errors = []
    for solver in (euler, dpm_2m):
        *_, last = solve(solver, times(steps, factor=2.5), noise)
        errors.append((last - gaussian_flow(noise)).abs().max().item())
    assert errors[1] < ratio * errors[0]


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_straight_path_is_solved_exactly(solver: Solver) -> None:
    x, eps = torch.tensor([3.0, -1.0], dtype=torch.float64), torch.tensor([0.5, 2.0], dtype=torch.float64)
    step = Step(x=eps, data=x, t=1.0, t_next=0.0, predict=lambda _, __: x, fresh=lambda: eps)
    torch.testing.assert_close(solver(step), x)
    half = Step(x=eps, data=x, t=1.0, t_next=0.5, predict=lambda _, __: x, fresh=lambda: eps)
    torch.testing.assert_close(solver(half), mix(x, eps, 0.5))


@pytest.mark.parametrize(("solver", "evaluations"), [(euler, 6), (heun, 11), (dpm_2m, 6), (ancestral, 6)])
def test_evaluations(solver: Solver, evaluations: int) -> None:
    count = Count()
    list(solve(solver, times(6), torch.ones(3, dtype=torch.float64), count))
    assert len(count.asked) == evaluations
    assert min(count.asked) > 0, "the network is never asked at the data end"


def test_ancestral_ends_where_the_data_are_and_depends_on_the_new_noise() -> None:
    start = torch.randn(4000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    *_, result = solve(ancestral, times(64), start)
    assert result.mean().item() == pytest.approx(MEAN, abs=0.05)
    assert 0.3 * SIGMA < result.std().item() <= 1.1 * SIGMA, "it leans to the middle of the data"
