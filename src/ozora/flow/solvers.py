"""Solvers of dx/dt = velocity(x, t) from noise (t = 1) to data (t = 0).

Every solver is a generator with the same arguments: it yields the state after each step, so that the caller owns
progress, previews and cancellation. ``times`` falls from 1 to 0: its rows are the times of the states, a number or one
that broadcasts against the state, so that channels may run ahead of others (``schedule.staggered``); where a time
stands still, so does the state. Solvers that add noise ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]
"""velocity(x_t, t) -> dx/dt, shaped as x_t; ``t`` broadcasts against it."""
Fresh = Callable[[int], Tensor]
"""fresh(n) -> new noise for the state after step n (counted from 0), shaped as x_t; the same for the same n."""
Solver = Callable[[Velocity, Tensor, Tensor, Fresh], Iterator[Tensor]]


def euler(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """First order: one evaluation a step."""
    for t, t_next in pairwise(times.to(x.dtype)):
        x = x + (t_next - t) * velocity(x, t)
        yield x


def heun(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """Second order: two evaluations a step, one in the last (Karras et al. 2022, arXiv 2206.00364, algorithm 1)."""
    for t, t_next in pairwise(times.to(x.dtype)):
        v = velocity(x, t)
        ahead = x + (t_next - t) * v
        if t_next.any():
            v = torch.where(t_next > 0, 0.5 * (v + velocity(ahead, t_next)), v)  # never asked at the data end
            ahead = x + (t_next - t) * v
        x = ahead
        yield x


def ancestral(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """All noise new at every step: the data are guessed, and noise of the next time is laid over the guess.

    One evaluation a step. What was guessed wrong is forgotten with its noise, and guessed again: where the parts of a
    picture did not agree, they come to agree (the stochastic end of DDIM, Song et al. 2020, arXiv 2010.02502).
    """
    for step, (t, t_next) in enumerate(pairwise(times.to(x.dtype))):
        data = x - t * velocity(x, t)
        renewed = data + t_next * (fresh(step) - data) if t_next.any() else data
        x = torch.where(t_next < t, renewed, x)
        yield x


SOLVERS: dict[str, Solver] = {"euler": euler, "heun": heun, "ancestral": ancestral}
