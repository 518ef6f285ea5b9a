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


def never(_: Tensor, __: Tensor) -> Tensor:
    raise AssertionError("the velocity without a prompt was called")


def test_scale_one_never_calls_the_blank_velocity() -> None:
    assert torch.equal(guide(prompted, never, lambda _: 1.0)(X, T), prompted(X, T))


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_linear_in_its_scale(scale: float) -> None:
    wanted = (1 - scale) * plain(X, T) + scale * prompted(X, T)
    torch.testing.assert_close(guide(prompted, plain, lambda _: scale)(X, T), wanted)


def test_the_scale_may_depend_on_the_time() -> None:
    velocity = guide(prompted, never, lambda t: 1.0 if float(t) > 0.6 else 4.0)
    late, early = torch.tensor(0.7), torch.tensor(0.5)
    assert torch.equal(velocity(X, late), prompted(X, late))
    with pytest.raises(AssertionError, match="without a prompt"):
        velocity(X, early)


def test_guidance_wraps_itself() -> None:
    """A guided velocity is a velocity: guiding twice multiplies the scales."""
    twice = guide(guide(prompted, plain, lambda _: 2.0), plain, lambda _: 1.5)
    torch.testing.assert_close(twice(X, T), guide(prompted, plain, lambda _: 3.0)(X, T))
