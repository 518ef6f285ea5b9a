"""Which noise times are visited: when sampling, and when training."""

from __future__ import annotations

import torch
from torch import Tensor


def shift(t: Tensor, factor: float) -> Tensor:
    """Move times toward noise by ``factor`` >= 1 (Esser et al. 2024, arXiv 2403.03206, equation 23)."""
    return factor * t / (1 + (factor - 1) * t)


def times(steps: int, *, factor: float = 1.0) -> Tensor:
    """``steps`` + 1 noise times from 1 down to 0, in float64."""
    return shift(torch.linspace(1.0, 0.0, steps + 1, dtype=torch.float64), factor)


def draw_times(shape: tuple[int, ...], generator: torch.Generator, *, mean: float = 0.4, spread: float = 1.0) -> Tensor:
    """Logit-normal noise times for training; ``mean`` > 0 leans toward noise."""
    return torch.sigmoid(mean + spread * torch.randn(shape, generator=generator))
