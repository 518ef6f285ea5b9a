from __future__ import annotations

import torch

from ozora.flow.path import NEAREST, data_from_velocity, mix, velocity_from_data

SHAPE = (2, 3, 5)


def _draw(seed: int) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _times() -> torch.Tensor:
    """One noise time a token, all above ``NEAREST``."""
    return torch.linspace(NEAREST, 1.0, 30, dtype=torch.float64).view(SHAPE)


def test_zero_is_data_and_one_is_noise() -> None:
    x, eps = _draw(0), _draw(1)
    assert torch.equal(mix(x, eps, torch.zeros(SHAPE, dtype=torch.float64)), x)
    assert torch.equal(mix(x, eps, torch.ones(SHAPE, dtype=torch.float64)), eps)


def test_velocity_is_noise_minus_data() -> None:
    x, eps, t = _draw(0), _draw(1), _times()
    torch.testing.assert_close(velocity_from_data(x, mix(x, eps, t), t), eps - x, rtol=0, atol=1e-12)


def test_velocity_is_the_derivative_of_the_path() -> None:
    x, eps, t, step = _draw(0), _draw(1), _times(), 1e-3
    slope = (mix(x, eps, t + step) - mix(x, eps, t - step)) / (2 * step)
    torch.testing.assert_close(velocity_from_data(x, mix(x, eps, t), t), slope, rtol=0, atol=1e-10)


def test_data_and_velocity_come_back_from_each_other() -> None:
    x, x_t, t = _draw(0), _draw(1), _times()
    v = velocity_from_data(x, x_t, t)
    torch.testing.assert_close(data_from_velocity(v, x_t, t), x, rtol=0, atol=1e-12)
    again = velocity_from_data(data_from_velocity(v, x_t, t), x_t, t)
    torch.testing.assert_close(again, v, rtol=0, atol=1e-10)


def test_velocity_stays_finite_at_the_data_end() -> None:
    x, x_t = _draw(0), _draw(1)
    v = velocity_from_data(x, x_t, torch.zeros(SHAPE, dtype=torch.float64))
    torch.testing.assert_close(v, (x_t - x) / NEAREST)


def test_noise_times_broadcast() -> None:
    x, eps = _draw(0), _draw(1)
    t = torch.tensor([0.2, 0.7], dtype=torch.float64)[:, None, None]
    mixed = mix(x, eps, t)
    torch.testing.assert_close(mixed[1], 0.3 * x[1] + 0.7 * eps[1])
    torch.testing.assert_close(velocity_from_data(x, mixed, t), eps - x)
