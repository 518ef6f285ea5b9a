from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ozora.flow.schedule import staggered, times
from ozora.flow.solvers import SOLVERS, Fresh, Solver, ancestral, euler, heun

SIGMA = 0.6
MEAN = 1.5


def gaussian_velocity(x: Tensor, t: Tensor) -> Tensor:
    """Exact velocity of the path from N(MEAN, SIGMA^2) to N(0, 1): E[eps - x | x_t]."""
    variance = (1 - t) ** 2 * SIGMA**2 + t**2
    return (x - (1 - t) * MEAN) * (t - (1 - t) * SIGMA**2) / variance - MEAN


def gaussian_flow(noise: Tensor) -> Tensor:
    """Where that velocity carries noise: the affine map between the two Gaussians."""
    return MEAN + SIGMA * noise


def noise_of(x: Tensor) -> Fresh:
    """New noise like ``x``, the same for the same step."""
    return lambda step: torch.randn(x.shape, generator=torch.Generator().manual_seed(step), dtype=x.dtype)


def last(solver: Solver, steps: int, x: Tensor) -> Tensor:
    fresh = noise_of(x)
    for state in solver(gaussian_velocity, x, times(steps), fresh):
        x = state
    return x


def order(solver: Solver) -> float:
    """Slope of the error over the step size, by halving the step."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    errors = [(last(solver, steps, noise) - gaussian_flow(noise)).abs().max().item() for steps in (64, 128)]
    return math.log2(errors[0] / errors[1])


def test_euler_is_of_first_order() -> None:
    assert order(euler) == pytest.approx(1.0, abs=0.1)


def test_heun_is_of_second_order() -> None:
    assert order(heun) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_straight_path_is_solved_exactly_in_one_step(solver: Solver) -> None:
    x, eps = torch.tensor([3.0, -1.0], dtype=torch.float64), torch.tensor([0.5, 2.0], dtype=torch.float64)
    *_, result = solver(lambda _, __: eps - x, eps, times(1), noise_of(x))
    torch.testing.assert_close(result, x)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_state_is_yielded_after_every_step(solver: Solver) -> None:
    noise = torch.ones(2, dtype=torch.float64)
    states = list(solver(gaussian_velocity, noise, times(5), noise_of(noise)))
    assert len(states) == 5
    assert torch.equal(noise, torch.ones(2, dtype=torch.float64)), "the given state was altered"


@pytest.mark.parametrize(("solver", "evaluations"), [(euler, 6), (heun, 11), (ancestral, 6)])
def test_evaluations(solver: Solver, evaluations: int) -> None:
    seen: list[float] = []

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        seen.append(float(t))
        return -x

    list(solver(velocity, torch.ones(1), times(6), noise_of(torch.ones(1))))
    assert len(seen) == evaluations
    assert min(seen) > 0, "the network is never asked at the data end"


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_caller_who_stops_costs_no_further_evaluation(solver: Solver) -> None:
    calls = 0

    def velocity(x: Tensor, _: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return -x

    states = solver(velocity, torch.ones(1), times(10), noise_of(torch.ones(1)))
    next(states)
    assert calls <= 2


def test_ancestral_ends_where_the_data_are_and_depends_on_the_new_noise() -> None:
    start = torch.randn(4000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    result = last(ancestral, 64, start)
    assert result.mean().item() == pytest.approx(MEAN, abs=0.05)
    assert 0.3 * SIGMA < result.std().item() <= 1.1 * SIGMA, "it leans to the middle of the data"
    *_, other = ancestral(gaussian_velocity, start, times(64), lambda step: -noise_of(start)(step))
    assert not torch.allclose(result, other)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_channels_that_lead_are_done_before_the_others_begin(solver: Solver) -> None:
    """Each group is carried to its own data on its own clock; where the clock stands, nothing moves."""
    data, noise = torch.tensor([1.0, 1.0, -2.0, -2.0])[:, None, None, None], torch.zeros(4, 1, 1, 1)
    seen: list[tuple[float, float]] = []

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        seen.append((float(t[0]), float(t[-1])))
        return (x - data) / t.clamp_min(1e-3)

    grid = staggered(6, 2, 4, lead=3.0, factor=2.0)
    states = list(solver(velocity, noise, grid, noise_of(noise)))
    assert torch.allclose(states[2][:2], data[:2]) and torch.equal(states[2][2:], noise[2:])
    torch.testing.assert_close(states[-1], data)
    assert all(lead == 0 or picture == 1 for lead, picture in seen)
