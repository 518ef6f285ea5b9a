"""Guidance: one prediction from two, with the prompt and away from another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ozora.flow.schedule import Times

Predict = Callable[[Tensor, Times], Tensor]
"""predict(x_t, times) -> the data that the network takes the state for, shaped as x_t."""


def guide(predict: Predict, away: Predict, scale: Callable[[Times], float]) -> Predict:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): x = x0 + scale (x1 - x0), x0 from ``away``.

    ``scale`` depends on the times (Kynkäänniemi et al. 2024, arXiv 2404.07724); where it is 1, ``away`` is not asked.
    """

    def guided(x: Tensor, times: Times) -> Tensor:
        strength = scale(times)
        if strength == 1.0:
            return predict(x, times)
        return torch.lerp(away(x, times), predict(x, times), strength)

    return guided
