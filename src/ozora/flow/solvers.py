"""Solvers: one step from noise (t = 1) toward data (t = 0), given what the network predicts.

A solver is a function of one ``Step`` that returns the next state. What it remembers of earlier steps is in the step,
so that a snapshot can hold it, and painting can go on in another process to the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ozora.flow.path import log_snr, mix, move


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step from ``t`` to ``t_next``. ``x`` is the state and ``data`` what the network predicts from it.

    ``earlier`` is the prediction of the step before, made at ``earlier_t`` (``None``: there was none).
    ``predict(x, t)`` asks the network once more, ``fresh()`` gives new noise.
    """

    x: Tensor
    data: Tensor
    t: float
    t_next: float
    earlier: Tensor | None = None
    earlier_t: float = 1.0
    predict: Callable[[Tensor, float], Tensor]
    fresh: Callable[[], Tensor]


Solver = Callable[[Step], Tensor]


def euler(step: Step) -> Tensor:
    """First order, which on this path is DDIM (Song et al. 2020, arXiv 2010.02502): one evaluation a step."""
    return move(step.x, step.data, step.t, step.t_next)


def heun(step: Step) -> Tensor:
    """Second order: two evaluations a step, one in the last (Karras et al. 2022, arXiv 2206.00364, algorithm 1)."""
    ahead = euler(step)
    if step.t_next == 0:  # the network is never asked at the data end
        return ahead
    slope = (step.x - step.data) / step.t
    slope_ahead = (ahead - step.predict(ahead, step.t_next)) / step.t_next
    return step.x + (step.t_next - step.t) * 0.5 * (slope + slope_ahead)


def dpm_2m(step: Step) -> Tensor:
    """DPM-Solver++(2M): second order from the prediction of the step before, one evaluation a step (Lu et al. 2022,
    arXiv 2211.01095, algorithm 2). After a first step from pure noise, where log_snr is infinite, a line in t."""
    if step.earlier is None or step.t_next == 0:
        return euler(step)
    if step.earlier_t == 1:
        ratio = (step.t - step.t_next) / (step.earlier_t - step.t)
    else:
        ratio = (log_snr(step.t_next) - log_snr(step.t)) / (log_snr(step.t) - log_snr(step.earlier_t))
    return move(step.x, step.data + 0.5 * ratio * (step.data - step.earlier), step.t, step.t_next)


def ancestral(step: Step) -> Tensor:
    """All noise new at every step: noise of the next time is laid over the predicted data.

    What was predicted wrong is forgotten with its noise, and predicted again: where the parts of a picture did not
    agree, they come to agree (the stochastic end of DDIM).
    """
    return mix(step.data, step.fresh(), step.t_next) if step.t_next > 0 else step.data


SOLVERS: dict[str, Solver] = {"dpm-2m": dpm_2m, "euler": euler, "heun": heun, "ancestral": ancestral}
