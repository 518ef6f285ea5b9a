from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.guidance import guide

X = torch.tensor([1.0, 2.0], dtype=torch.float64)
T = torch.tensor(0.3, dtype=torch.float64)


def prompted(x: Tensor, t: Tensor) -> Tensor:
    return 3 * x + t


def plain(x: Tensor, t: Tensor) -> Tensor:
    return x - t


def pair(x: Tensor, t: Tensor, number: int) -> Tensor:
    return torch.stack([prompted(x, t), plain(x, t)][:number])


def test_scale_one_never_asks_for_the_blank_velocity() -> None:
    asked: list[int] = []

    def watched(x: Tensor, t: Tensor, number: int) -> Tensor:
        asked.append(number)
        return pair(x, t, number)

    assert torch.equal(guide(watched, lambda _: 1.0)(X, T), prompted(X, T))
    assert asked == [1]


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_linear_in_its_scale(scale: float) -> None:
    wanted = (1 - scale) * plain(X, T) + scale * prompted(X, T)
    torch.testing.assert_close(guide(pair, lambda _: scale)(X, T), wanted)


def test_the_scale_may_depend_on_the_time() -> None:
    velocity = guide(pair, lambda t: 1.0 if float(t) > 0.6 else 4.0)
    late, early = torch.tensor(0.7), torch.tensor(0.5)
    assert torch.equal(velocity(X, late), prompted(X, late))
    torch.testing.assert_close(velocity(X, early), 4 * prompted(X, early) - 3 * plain(X, early))
