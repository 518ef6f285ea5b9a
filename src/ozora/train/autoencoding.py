"""Phases of the autoencoder: both halves, then the decoder alone on noisy latents.

Loss: Charbonnier plus gradients over the picture and over time, weighted by the stage's masks (where a thing was counts
as where it is); no GAN, no LPIPS. Noise of up to ``noise`` deviations is added to the latents before decoding, so that
what the transformer paints, which is never exact, still decodes well.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.language.vocabulary import Vocabulary
from ozora.model.autoencoder import TIME, Autoencoder, AutoencoderConfig
from ozora.model.precision import mixed
from ozora.shapes import VideoShape
from ozora.train.optimizers import Optimizers, Schedule, muon_and_adam
from ozora.train.picture_loss import picture_loss
from ozora.train.renderers import Order, idle_cores, render_clips

BLURS = (4, 16)
"""Pixels across and down that are also seen as one: what is beside its place is not as wrong as what is missing."""
SAMPLE = 256
"""Pieces of the corpus that the principal components are those of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The corpus in memory: ``rgb`` [n, f, h, w, 3] and ``cover`` [n, f, h, w] in 0..255."""

    rgb: Tensor
    cover: Tensor


@dataclass(slots=True, kw_only=True)
class Autoencoding:
    """``clips`` pieces of the corpus, of a picture and one or more groups of frames, are rendered once and held in
    memory; each step takes ``batch`` of them. From ``start`` on, only the decoder is trained."""

    name: str
    config: AutoencoderConfig
    shape: VideoShape
    vocabulary: Vocabulary
    schedule: Schedule
    clips: int
    batch: int
    frames: int
    noise: float = 0.25
    thing_weight: float = 5.0
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    seed: int = 0
    ema: float = 0.995
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _pieces: Pieces | None = field(default=None, repr=False)

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = Autoencoder(self.config)
        if self.start is None:
            sample = self._corpus().rgb[:: max(1, self.clips // SAMPLE)]
            model.start_from(sample.permute(0, 4, 1, 2, 3).float() / 127.5 - 1)
        else:
            model.load_state_dict(self.start)
            for part in (model.components_in, model.encoder):
                part.requires_grad_(False)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _corpus(self) -> Pieces:
        if self._pieces is None:
            order = Order(shape=self.shape, vocabulary=self.vocabulary, frames=self.frames, time=TIME)
            size = (self.clips, self.frames, self.shape.height, self.shape.width)
            rgb, cover = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8)
            first = self.seed * 10_000_000
            for i, (clip, _) in enumerate(render_clips(order, range(first, first + self.clips), workers=idle_cores())):
                rgb[i], cover[i] = clip.rgb, clip.cover
            self._pieces = Pieces(rgb=torch.from_numpy(rgb), cover=torch.from_numpy(cover))
        return self._pieces

    def _batch(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Some pieces, or their mirror images: pictures [b, 3, f, h, w] in [-1, 1], cover [b, 1, f, h, w] in 0..1."""
        pieces = self._corpus()
        index = torch.randint(len(pieces.rgb), (self.batch,), generator=rng)
        video = pieces.rgb[index].permute(0, 4, 1, 2, 3).float() / 127.5 - 1
        mask = pieces.cover[index].float()[:, None] / 255
        return (video.flip(-1), mask.flip(-1)) if torch.rand((), generator=rng) < 0.5 else (video, mask)

    def optimizers(self, model: nn.Module) -> Optimizers:
        return muon_and_adam(model, muon=(), rate=self.schedule.rate)

    def examine(self, _model: nn.Module) -> dict[str, float]:
        return {}

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        assert isinstance(model, Autoencoder)
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        video, mask = (part.to(self.device) for part in self._batch(rng))
        swept = F.max_pool3d(mask, (1, 5, 5), 1, (0, 2, 2)).amax(dim=2, keepdim=True)
        weight = 1 + self.thing_weight * swept.expand_as(mask)
        with mixed(self.device):
            latent = model.encode(video).float()
        # noise in proportion to the latents: larger ones are no way around it
        level = self.noise * torch.rand((self.batch, 1, 1, 1, 1), generator=rng)
        noise = (level * torch.randn(latent.shape, generator=rng)).to(self.device)
        deviation = latent.var(dim=(0, 2, 3, 4)).mean().sqrt()
        with mixed(self.device):
            error = model.decode(latent + deviation * noise).float() - video
        loss, figures = picture_loss(error, weight, mask)
        for side in BLURS:
            loss = loss + picture_loss(*(F.avg_pool3d(part, (1, side, side)) for part in (error, weight, mask)))[0]
        return loss + (weight[:, :, 1:] * error.diff(dim=2).abs()).mean(), figures
