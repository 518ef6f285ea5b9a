"""The path between data and noise, and the one place that says which end is which.

Noise time ``t``: **t = 0 is data, t = 1 is noise**, everywhere. The path is the straight line of rectified flow
(Liu et al. 2022, arXiv 2209.03003):  x_t = (1 - t) x + t eps,  so  dx_t/dt = v = eps - x.
A network here predicts the data x (Li & He 2025, arXiv 2511.13720); the velocity follows from it.

Letters: ``x`` data, ``eps`` noise, ``x_t`` the mixture, ``v`` velocity. ``t`` has one value per token and broadcasts.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

NEAREST = 0.02
"""Smallest t by which is divided; below it a token is as good as clean."""


def mix(x: Float[Tensor, "*shape"], eps: Float[Tensor, "*shape"], t: Float[Tensor, "..."]) -> Float[Tensor, "*shape"]:
    """x_t on the path at noise time t."""
    return (1 - t) * x + t * eps


def velocity_from_data(
    x: Float[Tensor, "*shape"], x_t: Float[Tensor, "*shape"], t: Float[Tensor, "..."]
) -> Float[Tensor, "*shape"]:
    """v = (x_t - x) / t, for t of at least ``NEAREST``."""
    return (x_t - x) / t.clamp_min(NEAREST)


def data_from_velocity(
    v: Float[Tensor, "*shape"], x_t: Float[Tensor, "*shape"], t: Float[Tensor, "..."]
) -> Float[Tensor, "*shape"]:
    """x = x_t - t v."""
    return x_t - t * v
