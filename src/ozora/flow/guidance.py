"""Guidance: a rule that makes one velocity of two."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ozora.flow.solvers import Velocity

Pair = Callable[[Tensor, Tensor, int], Tensor]
"""pair(x, t, n) -> dx/dt [n, ...] of the first n: with the prompt, and without it. Both at once cost less than twice
one of them."""


def guide(pair: Pair, scale: Callable[[Tensor], float]) -> Velocity:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): v = v0 + scale (v1 - v0).

    ``scale`` depends on the time (Kynkäänniemi et al. 2024, arXiv 2404.07724); where it is 1 that is the plain
    conditional velocity, and then the other is not asked for.
    """

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        strength = scale(t)
        if strength == 1.0:
            return pair(x, t, 1)[0]
        v, blank = pair(x, t, 2)
        return torch.lerp(blank, v, strength)

    return velocity
