"""Solvers of dx/dt = velocity(x, t) from noise (t = 1) to data (t = 0).

Every solver is a generator with the same arguments: it yields the state after each step, so that the caller owns
progress, previews and cancellation. ``times`` falls from 1 to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

Velocity = Callable[[Tensor, float], Tensor]
"""velocity(x_t, t) -> dx/dt, shaped as x_t."""
Solver = Callable[[Velocity, Tensor, Tensor], Iterator[Tensor]]


def euler(velocity: Velocity, x: Tensor, times: Tensor) -> Iterator[Tensor]:
    """First order: one evaluation a step."""
    for t, t_next in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x = x + (t_next - t) * velocity(x, t)
        yield x


def heun(velocity: Velocity, x: Tensor, times: Tensor) -> Iterator[Tensor]:
    """Second order: two evaluations a step, one in the last (Karras et al. 2022, arXiv 2206.00364, algorithm 1)."""
    for t, t_next in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        v = velocity(x, t)
        ahead = x + (t_next - t) * v
        if t_next > 0:
            v = 0.5 * (v + velocity(ahead, t_next))
            ahead = x + (t_next - t) * v
        x = ahead
        yield x


SOLVERS: dict[str, Solver] = {"euler": euler, "heun": heun}
