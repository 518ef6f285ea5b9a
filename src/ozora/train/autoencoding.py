"""Phases S0 and S5: the autoencoder, or its decoder alone.

Loss: Charbonnier plus gradients over the picture and over time, weighted by the stage's masks (where a thing was counts
as where it is); no GAN, no LPIPS. The network that moves pixels is told where each of them was: from pixels alone it
found in a thousand steps how to move things across, not up and down.

Noise is added to the latents before decoding (up to ``noise`` of their deviation), so that what the transformer
paints, which is never exact, still decodes well. The decoder alone is trained on noise like a painter's errors: as
large in each channel as the deviation by which its loss divides it (``scale``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.language.vocabulary import Vocabulary
from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.model.precision import mixed
from ozora.shapes import VideoShape
from ozora.train.optimizers import Schedule
from ozora.train.picture_loss import picture_loss
from ozora.train.renderers import Order, idle_cores, render_flows

SIDE = 4
"""Pixels across and down that move as one (those of ``Autoencoder.flow``)."""
NEAR = 0.01
"""Picture heights: so near to where it was is near enough for a pixel to come from."""
FLOW_WEIGHT = 50.0
LIVELY = 3.0
"""How much more often than one that stands a clip is taken in which as much changes as in the mean."""
BLURS = (4, 16)
"""Pixels across and down that are also seen as one: what is beside its place is not as wrong as what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The corpus in memory: ``rgb`` [n, f, h, w, 3] and ``cover`` [n, f, h, w] in 0..255, ``flow`` [n, 4, f - 1, y, x]
    of ``Stage.flow``, and how often each is taken [n]."""

    rgb: Tensor
    cover: Tensor
    flow: Tensor
    often: Tensor


@dataclass(slots=True, kw_only=True)
class Autoencoding:
    """``clips`` pieces of the corpus, of a picture and one or more groups of frames, are rendered once and held in
    memory; each step takes ``batch`` of them.

    ``encoder`` names the parts of the encoder that are trained; the others keep what they started from.
    """

    name: str
    config: AutoencoderConfig
    shape: VideoShape
    vocabulary: Vocabulary
    schedule: Schedule
    clips: int
    batch: int
    frames: int
    noise: float = 0.2
    thing_weight: float = 5.0
    encoder: tuple[str, ...] = ()
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    scale: Tensor | None = field(default=None, repr=False)
    seed: int = 0
    muon: tuple[str, ...] = ("patch", "look", "motion", "part")
    ema: float = 0.995
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _pieces: Pieces | None = field(default=None, repr=False)

    def facts(self) -> dict[str, Any]:
        return {
            "phase": self.name,
            "autoencoder": self.config.to_dict(),
            "shape": self.shape.to_dict(),
            "vocabulary": self.vocabulary.to_dict(),
            "steps": self.schedule.steps,
            "rate": self.schedule.rate,
            "clips": self.clips,
            "batch": self.batch,
            "frames": self.frames,
            "noise": self.noise,
            "scale": None if self.scale is None else [round(value, 6) for value in self.scale.tolist()],
            "thing_weight": self.thing_weight,
            "encoder": list(self.encoder),
            "seed": self.seed,
        }

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = Autoencoder(self.config)
        if self.start is not None:
            model.load_state_dict(self.start)
        else:
            sample = self._corpus().rgb[:: max(1, self.clips // 256)]
            model.start_from(sample.permute(0, 4, 1, 2, 3).float() / 127.5 - 1)
        for name, part in model.encoder_parts().items():
            part.requires_grad_(name in self.encoder)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _corpus(self) -> Pieces:
        if self._pieces is None:
            order = Order(shape=self.shape, vocabulary=self.vocabulary, frames=self.frames, time=self.config.time)
            h, w = self.shape.height, self.shape.width
            size = (self.clips, self.frames, h, w)
            rgb, cover = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8)
            flow = torch.empty(self.clips, 4, self.frames - 1, h // SIDE, w // SIDE, dtype=torch.float16)
            first = self.seed * 10_000_000
            clips = render_flows(order, range(first, first + self.clips), workers=idle_cores())
            for i, (clip, way) in enumerate(clips):
                rgb[i], cover[i] = clip.rgb, clip.cover
                flow[i] = torch.from_numpy(way[..., SIDE // 2 :: SIDE, SIDE // 2 :: SIDE])
            changes = np.array([np.abs(np.diff(clip.astype(np.int16), axis=0)).mean() for clip in rgb])
            often = torch.from_numpy(1 + LIVELY * changes / changes.mean().clip(1e-6))
            self._pieces = Pieces(rgb=torch.from_numpy(rgb), cover=torch.from_numpy(cover), flow=flow, often=often)
        return self._pieces

    def _batch(self, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Some pieces: pictures [b, 3, f, h, w] in [-1, 1], cover [b, 1, f, h, w] in 0..1, and flow; or their mirror
        images."""
        pieces = self._corpus()
        index = torch.multinomial(pieces.often, self.batch, replacement=True, generator=rng)
        video = pieces.rgb[index].permute(0, 4, 1, 2, 3).float() / 127.5 - 1
        mask, flow = pieces.cover[index].float()[:, None] / 255, pieces.flow[index].float()
        if torch.rand((), generator=rng) < 0.5:
            flow = flow.flip(-1) * torch.tensor([-1.0, 1.0, -1.0, 1.0])[:, None, None, None]
            return video.flip(-1), mask.flip(-1), flow
        return video, mask, flow

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        assert isinstance(model, Autoencoder)
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        video, mask, flow = (part.to(self.device) for part in self._batch(rng))
        swept = F.max_pool3d(mask, (1, 5, 5), 1, (0, 2, 2)).amax(dim=2, keepdim=True)
        weight = 1 + self.thing_weight * swept.expand_as(mask)
        began = time.monotonic()
        with mixed(self.device):
            latent = model.encode(video).float()
        level = self.noise * torch.rand((self.batch, 1, 1, 1, 1), generator=rng)
        noise = level * torch.randn(latent.shape, generator=rng)
        if self.scale is not None:
            noise = noise * self.scale[:, None, None, None]
        disturbed = latent + noise.to(self.device)
        with mixed(self.device):
            error = model.decode(disturbed).float() - video
        loss, figures = picture_loss(error, weight, mask)
        for side in BLURS:
            loss = loss + picture_loss(*(F.avg_pool3d(part, (1, side, side)) for part in (error, weight, mask)))[0]
        loss = loss + (weight[:, :, 1:] * error.diff(dim=2).abs()).mean()
        with mixed(self.device):
            astray = _lengths(model.flow(disturbed) - flow)
        moves = (_lengths(flow) > NEAR).float()
        figures["astray"] = ((moves * astray).sum() / moves.sum().clamp_min(1)).item()
        loss = loss + FLOW_WEIGHT * (moves * F.relu(astray - NEAR)).mean()
        power = (latent.square().mean() - 1).square() if "look" in self.encoder else 0.0
        return loss + 0.1 * power, {**figures, "step_s": time.monotonic() - began}


def _lengths(flow: Tensor) -> Tensor:
    """How long the two arrows of a flow are: [b, 4, f, y, x] to [b, 2, f, y, x]."""
    b, _, *rest = flow.shape
    lengths: Tensor = flow.reshape(b, 2, 2, *rest).norm(dim=2)
    return lengths
