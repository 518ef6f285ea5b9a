"""Guidance: a rule that wraps two velocities into one."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ozora.flow.solvers import Velocity


def guide(with_prompt: Velocity, without: Velocity, scale: Callable[[Tensor], float]) -> Velocity:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): v = v0 + scale (v1 - v0).

    ``scale`` depends on the time (Kynkäänniemi et al. 2024, arXiv 2404.07724); where it is 1 that is the plain
    conditional velocity, and then ``without`` is not called.
    """

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        v, strength = with_prompt(x, t), scale(t)
        if strength == 1.0:
            return v
        blank = without(x, t)
        return blank + strength * (v - blank)

    return velocity
