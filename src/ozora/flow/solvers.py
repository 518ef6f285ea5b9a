"""Solvers of dx/dt = velocity(x, t) from noise (t = 1) to data (t = 0).

Every solver is a generator with the same arguments: it yields the state after each step, so that the caller owns
progress, previews and cancellation. ``times`` falls from 1 to 0. Solvers that add noise ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

Velocity = Callable[[Tensor, float], Tensor]
"""velocity(x_t, t) -> dx/dt, shaped as x_t."""
Fresh = Callable[[float], Tensor]
"""fresh(t) -> new noise for the state at time t, shaped as x_t; the same whenever it is asked for the same t."""
Solver = Callable[[Velocity, Tensor, Tensor, Fresh], Iterator[Tensor]]


def euler(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """First order: one evaluation a step."""
    for t, t_next in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x = x + (t_next - t) * velocity(x, t)
        yield x


def heun(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """Second order: two evaluations a step, one in the last (Karras et al. 2022, arXiv 2206.00364, algorithm 1)."""
    for t, t_next in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        v = velocity(x, t)
        ahead = x + (t_next - t) * v
        if t_next > 0:
            v = 0.5 * (v + velocity(ahead, t_next))
            ahead = x + (t_next - t) * v
        x = ahead
        yield x


def ancestral(velocity: Velocity, x: Tensor, times: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """All noise new at every step: the data are guessed, and noise of the next time is laid over the guess.

    One evaluation a step. What was guessed wrong is forgotten with its noise, and guessed again: where the parts of a
    picture did not agree, they come to agree (the stochastic end of DDIM, Song et al. 2020, arXiv 2010.02502).
    """
    for t, t_next in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        data = x - t * velocity(x, t)
        x = data + t_next * (fresh(t_next) - data) if t_next > 0 else data
        yield x


SOLVERS: dict[str, Solver] = {"euler": euler, "heun": heun, "ancestral": ancestral}
