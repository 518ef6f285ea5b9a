"""The canvas: the plan in latent space. Some tokens are known, the others are to be painted.

Every feature of Ozora is a way to fill a canvas. A known token keeps its value; an unknown one starts as noise. The
network sees a noise level per latent frame: frames that are wholly known sit at ``KNOWN_LEVEL``, almost at the data
end; which tokens of the others are known, its mask says.

Pictures of what is to be seen, references, may come before the clip: known latent frames at times of their own
(``positions``), so that a thing looks as it did in another shot.

A state may have ``s`` channels in front of those of the canvas (the layout of its things); they are never known.

Letters: ``k`` channels, ``g`` latent frames, ``i j`` token rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ozora.flow.guidance import Predict
from ozora.flow.schedule import Times
from ozora.shapes import LatentShape

KNOWN_LEVEL = 0.02
"""Noise time at which known frames are shown to the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """``value`` [k, g, i, j] holds the known latents (zero elsewhere), ``known`` [g, i, j] says which those are. The
    first ``references`` latent frames are not of the clip."""

    value: Float[Tensor, "k g i j"]
    known: Bool[Tensor, "g i j"]
    references: int = 0


def blank(shape: LatentShape) -> Canvas:
    """A canvas on which nothing is known."""
    size = (shape.frames, shape.height, shape.width)
    return Canvas(value=torch.zeros(shape.channels, *size), known=torch.zeros(size, dtype=torch.bool))


def place(
    canvas: Canvas, latent: Float[Tensor, "k n i j"], frame: int, *, known: Bool[Tensor, "n i j"] | None = None
) -> Canvas:
    """The canvas with ``n`` latent frames known from ``frame`` on: whole, or the tokens of ``known``."""
    values, everywhere = canvas.value.clone(), canvas.known.clone()
    part = slice(frame, frame + latent.shape[1])
    here = torch.ones_like(everywhere[part]) if known is None else known
    values[:, part] = torch.where(here, latent, values[:, part])
    everywhere[part] |= here
    return replace(canvas, value=values, known=everywhere)


def introduce(canvas: Canvas, reference: Float[Tensor, "k n i j"]) -> Canvas:
    """The canvas with ``n`` pictures, as latent frames, before those of the clip."""
    return Canvas(
        value=torch.cat([reference, canvas.value], dim=1),
        known=torch.cat([canvas.known.new_ones(reference.shape[1:]), canvas.known]),
        references=canvas.references + reference.shape[1],
    )


def start(canvas: Canvas, noise: Float[Tensor, "sk g i j"]) -> Float[Tensor, "sk g i j"]:
    """State at t = 1: noise, with the known tokens in place."""
    before = len(noise) - len(canvas.value)
    return torch.cat([noise[:before], torch.where(canvas.known, canvas.value, noise[before:])])


def levels(canvas: Canvas, t: float) -> Float[Tensor, "g"]:
    """Noise time of every latent frame when the unknown tokens are at ``t``."""
    return torch.where(canvas.known.all(dim=(1, 2)), min(KNOWN_LEVEL, t), t)


def hold(canvas: Canvas, predict: Predict) -> Predict:
    """Wrap a prediction so that known tokens are taken for what they are, and never move."""

    def held(x: Tensor, times: Times) -> Tensor:
        data, before = predict(x, times), len(x) - len(canvas.value)
        return torch.cat([data[:before], torch.where(canvas.known, canvas.value, data[before:])])

    return held
