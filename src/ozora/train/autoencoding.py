"""Phases S0 and S5: the autoencoder, or its decoder alone.

Loss: Charbonnier plus gradients, weighted by the stage's masks; no GAN, no LPIPS.

Noise is added to the latents before decoding (up to 0.2 of their deviation), so that what the transformer paints, which
is never exact, still decodes well.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.model.precision import mixed
from ozora.shapes import VideoShape
from ozora.train.optimizers import Schedule
from ozora.train.picture_loss import picture_loss
from ozora.train.renderers import Order, idle_cores, render_clips
from ozora.world.vocabulary import Vocabulary


@dataclass(slots=True, kw_only=True)
class Autoencoding:
    """``clips`` short pieces of the corpus are rendered once and held in memory; each step takes ``batch`` of them."""

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
    train_encoder: bool = False
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    seed: int = 0
    muon: tuple[str, ...] = ("patch", "join", "part")
    ema: float = 0.995
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _rgb: Tensor | None = field(default=None, repr=False)
    _cover: Tensor | None = field(default=None, repr=False)

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
            "thing_weight": self.thing_weight,
            "train_encoder": self.train_encoder,
            "seed": self.seed,
        }

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = Autoencoder(self.config)
        if self.start is not None:
            model.load_state_dict(self.start)
        else:
            sample = self._corpus()[0][:: max(1, self.clips // 256)]
            model.start_from(sample.permute(0, 4, 1, 2, 3).float() / 127.5 - 1)
        for value in model.encoder_parameters():
            value.requires_grad_(self.train_encoder)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _corpus(self) -> tuple[Tensor, Tensor]:
        if self._rgb is None or self._cover is None:
            order = Order(shape=self.shape, vocabulary=self.vocabulary, frames=self.frames, time=self.config.time)
            size = (self.clips, self.frames, self.shape.height, self.shape.width)
            rgb, cover = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8)
            first = self.seed * 10_000_000
            clips = render_clips(order, range(first, first + self.clips), workers=idle_cores())
            for i, (clip, _) in enumerate(clips):
                rgb[i], cover[i] = clip.rgb, clip.cover
            self._rgb, self._cover = torch.from_numpy(rgb), torch.from_numpy(cover)
        return self._rgb, self._cover

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        assert isinstance(model, Autoencoder)
        rgb, cover = self._corpus()
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        index = torch.randint(self.clips, (self.batch,), generator=rng)
        video = rgb[index].to(self.device).permute(0, 4, 1, 2, 3).float() / 127.5 - 1
        mask = cover[index].to(self.device).float()[:, None] / 255
        if torch.rand((), generator=rng) < 0.5:
            video, mask = video.flip(-1), mask.flip(-1)
        weight = 1 + self.thing_weight * F.max_pool3d(mask, (1, 5, 5), 1, (0, 2, 2))
        began = time.monotonic()
        with mixed(self.device):
            latent = model.encode(video).float()
        level = self.noise * torch.rand((self.batch, 1, 1, 1, 1), generator=rng)
        disturbed = latent + (level * torch.randn(latent.shape, generator=rng)).to(self.device)
        with mixed(self.device):
            error = model.decode(disturbed).float() - video
        loss, figures = picture_loss(error, weight, mask)
        power = (latent.square().mean() - 1).square() if self.train_encoder else 0.0
        return loss + 0.1 * power, {**figures, "step_s": time.monotonic() - began}
