"""Which noise times are visited: when sampling, and when training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LAYOUT_SHIFT, PICTURE_SHIFT = 5.0, 2.5
"""How far the times of layout and picture lean toward noise (measured: EXPERIMENTS.md, 2026-11-27)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Noise times of a state: of its layout channels and of its picture channels."""

    layout: float
    picture: float


def shift(t: float, factor: float) -> float:
    """Move a time toward noise by ``factor`` >= 1 (Esser et al. 2024, arXiv 2403.03206, equation 23)."""
    return factor * t / (1 + (factor - 1) * t)


def times(steps: int, *, factor: float = 1.0) -> tuple[float, ...]:
    """``steps`` + 1 noise times from 1 down to 0."""
    return tuple(shift(1 - step / steps, factor) for step in range(steps + 1))


def split_steps(steps: int) -> tuple[int, int]:
    """How many of ``steps`` are for the layout, and for the picture: 6 are 4 + 2, 10 are 6 + 4, 14 are 8 + 6."""
    picture = max(1, steps // 2 - 1)
    return steps - picture, picture


def layout_first(
    steps: int, *, layout_shift: float, shift: float, start: float = 1.0, goes_on: bool = False
) -> tuple[Times, ...]:
    """Times of the ``steps`` + 1 states: first the layout goes from 1 to 0, then the picture.

    The picture begins at ``start``, less than 1 where a clip is painted over. A single step takes both at once. A
    window that ``goes_on`` from what is painted knows most of its layout, and takes half of the steps for it.
    """
    if steps == 1:
        return (Times(layout=1.0, picture=start), Times(layout=0.0, picture=0.0))
    layout_steps, picture_steps = split_steps(steps)
    layout_steps = (layout_steps + 1) // 2 if goes_on else layout_steps
    picture = [min(t, start) for t in times(picture_steps, factor=shift)]
    picture = [t for number, t in enumerate(picture) if number == 0 or t < picture[number - 1]]
    first = [Times(layout=t, picture=picture[0]) for t in times(layout_steps, factor=layout_shift)]
    return (*first, *(Times(layout=0.0, picture=t) for t in picture[1:]))


def draw_times(shape: tuple[int, ...], generator: torch.Generator, *, mean: float = 0.4, spread: float = 1.0) -> Tensor:
    """Logit-normal noise times for training; ``mean`` > 0 leans toward noise."""
    return torch.sigmoid(mean + spread * torch.randn(shape, generator=generator))
