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


def staggered(steps: int, ahead: int, channels: int, *, lead: float, factor: float) -> Tensor:
    """Times [steps + 1, channels, 1, 1, 1] of a state whose first ``ahead`` channels lead: they go from 1 to 0 in the
    first half of the steps, shifted by ``lead``, the others in the second half, shifted by ``factor``. A single step
    takes all at once.
    """
    first = steps // 2
    still = torch.ones(first, dtype=torch.float64)
    early, late = times(max(first, 1), factor=lead), torch.cat([still, times(steps - first, factor=factor)])
    early = torch.cat([early, torch.zeros(steps + 1 - len(early), dtype=torch.float64)])
    return torch.stack([early] * ahead + [late] * (channels - ahead), dim=1)[:, :, None, None, None]


def draw_times(shape: tuple[int, ...], generator: torch.Generator, *, mean: float = 0.4, spread: float = 1.0) -> Tensor:
    """Logit-normal noise times for training; ``mean`` > 0 leans toward noise."""
    return torch.sigmoid(mean + spread * torch.randn(shape, generator=generator))
