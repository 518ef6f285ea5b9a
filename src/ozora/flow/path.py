"""The path between data and noise, and the one place that says which end is which.

Noise time ``t``: **t = 0 is data, t = 1 is noise**, everywhere. The path is the straight line of rectified flow
(Liu et al. 2022, arXiv 2209.03003):  x_t = (1 - t) x + t eps.
The network predicts the data x (Li & He 2025, arXiv 2511.13720).

Letters: ``x`` data, ``eps`` noise, ``x_t`` the mixture. ``t`` is a number, or has one value per token and broadcasts.
"""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor


def mix(
    x: Float[Tensor, "*shape"], eps: Float[Tensor, "*shape"], t: Float[Tensor, "..."] | float
) -> Float[Tensor, "*shape"]:
    """x_t on the path at noise time t."""
    return (1 - t) * x + t * eps


def move(x_t: Float[Tensor, "*shape"], x: Float[Tensor, "*shape"], t: float, t_next: float) -> Float[Tensor, "*shape"]:
    """Go from x_t at ``t`` along the line to the data ``x``, as far as ``t_next``. ``t`` is above 0."""
    return x + (t_next / t) * (x_t - x)


def log_snr(t: float) -> float:
    """Half the logarithm of signal over noise power, log((1 - t) / t); infinite at both ends."""
    if t <= 0:
        return math.inf
    return -math.inf if t >= 1 else math.log((1 - t) / t)
