"""Guidance: a rule that wraps two velocities into one."""

from __future__ import annotations

from torch import Tensor

from ozora.flow.solvers import Velocity


def guide(with_prompt: Velocity, without: Velocity, scale: float, *, until: float = 1.0) -> Velocity:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): v = v0 + scale (v1 - v0).

    ``scale`` 1 is the plain conditional velocity, and then ``without`` is never called. Times above ``until`` are left
    unguided (Kynkäänniemi et al. 2024, arXiv 2404.07724).
    """

    def velocity(x: Tensor, t: float) -> Tensor:
        v = with_prompt(x, t)
        if scale == 1.0 or t > until:
            return v
        blank = without(x, t)
        return blank + scale * (v - blank)

    return velocity
