from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.guidance import guide
from ozora.flow.schedule import Times

X = torch.tensor([1.0, 2.0], dtype=torch.float64)
T = Times(layout=0.0, picture=0.3)


def prompted(x: Tensor, times: Times) -> Tensor:
    return 3 * x + times.picture


def plain(x: Tensor, times: Times) -> Tensor:
    return x - times.picture


def test_scale_one_never_asks_for_the_other_prediction() -> None:
    def unasked(x: Tensor, times: Times) -> Tensor:
        raise AssertionError("asked")

    assert torch.equal(guide(prompted, unasked, lambda _: 1.0)(X, T), prompted(X, T))


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_linear_in_its_scale(scale: float) -> None:
    wanted = (1 - scale) * plain(X, T) + scale * prompted(X, T)
    torch.testing.assert_close(guide(prompted, plain, lambda _: scale)(X, T), wanted)


def test_the_scale_may_depend_on_the_times() -> None:
    guided = guide(prompted, plain, lambda times: 1.0 if times.layout > 0 else 4.0)
    early, late = Times(layout=0.5, picture=1.0), Times(layout=0.0, picture=0.5)
    assert torch.equal(guided(X, early), prompted(X, early))
    torch.testing.assert_close(guided(X, late), 4 * prompted(X, late) - 3 * plain(X, late))
