from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.guidance import guide

X = torch.tensor([1.0, 2.0], dtype=torch.float64)


def prompted(x: Tensor, t: float) -> Tensor:
    return 3 * x + t


def plain(x: Tensor, t: float) -> Tensor:
    return x - t


def never(_: Tensor, __: float) -> Tensor:
    raise AssertionError("the velocity without a prompt was called")


def test_scale_one_never_calls_the_blank_velocity() -> None:
    assert torch.equal(guide(prompted, never, 1.0)(X, 0.5), prompted(X, 0.5))


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_linear_in_its_scale(scale: float) -> None:
    wanted = (1 - scale) * plain(X, 0.3) + scale * prompted(X, 0.3)
    torch.testing.assert_close(guide(prompted, plain, scale)(X, 0.3), wanted)


def test_above_its_limit_there_is_no_guidance() -> None:
    velocity = guide(prompted, never, 4.0, until=0.6)
    assert torch.equal(velocity(X, 0.61), prompted(X, 0.61))
    with pytest.raises(AssertionError, match="without a prompt"):
        velocity(X, 0.6)


def test_guidance_wraps_itself() -> None:
    """A guided velocity is a velocity: guiding twice multiplies the scales."""
    twice = guide(guide(prompted, plain, 2.0), plain, 1.5)
    torch.testing.assert_close(twice(X, 0.2), guide(prompted, plain, 3.0)(X, 0.2))
