from __future__ import annotations

import math

import pytest
import torch

from ozora.flow.path import log_snr, mix, move

SHAPE = (2, 3, 5)


def _draw(seed: int) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_zero_is_data_and_one_is_noise() -> None:
    x, eps = _draw(0), _draw(1)
    assert torch.equal(mix(x, eps, 0.0), x)
    assert torch.equal(mix(x, eps, 1.0), eps)


@pytest.mark.parametrize(("t", "t_next"), [(1.0, 0.4), (0.6, 0.5), (0.3, 0.0)])
def test_moving_toward_the_true_data_stays_on_the_path(t: float, t_next: float) -> None:
    x, eps = _draw(0), _draw(1)
    torch.testing.assert_close(move(mix(x, eps, t), x, t, t_next), mix(x, eps, t_next), rtol=0, atol=1e-12)


def test_noise_times_broadcast() -> None:
    x, eps = _draw(0), _draw(1)
    t = torch.tensor([0.2, 0.7], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(mix(x, eps, t)[1], 0.3 * x[1] + 0.7 * eps[1])


def test_log_snr_falls_with_the_noise_and_is_infinite_at_the_ends() -> None:
    assert log_snr(0.5) == 0
    assert log_snr(0.2) == pytest.approx(-log_snr(0.8)) == pytest.approx(math.log(4))
    assert (log_snr(0.0), log_snr(1.0)) == (math.inf, -math.inf)
