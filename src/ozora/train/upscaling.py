"""Phase S6: the upscaler, from what the autoencoder makes of a picture to the same scene rendered at twice the size.

Loss: Charbonnier plus gradients, weighted by the stage's masks, as in ``autoencoding.py``. Noise is added to the
latents, so that the upscaler has seen pictures as imperfect as painted ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.autoencoder import Autoencoder
from ozora.model.precision import mixed
from ozora.model.upscaler import FACTOR, Upscaler, UpscalerConfig
from ozora.shapes import VideoShape
from ozora.train.optimizers import Schedule
from ozora.train.picture_loss import picture_loss
from ozora.train.renderers import Order, idle_cores, render_clips
from ozora.world.vocabulary import Vocabulary


@dataclass(slots=True, kw_only=True)
class Upscaling:
    """``clips`` pieces of ``frames`` frames at twice ``shape`` are rendered once and held in memory; a step takes
    ``batch`` pictures of them."""

    name: str
    config: UpscalerConfig
    autoencoder: Autoencoder = field(repr=False)
    shape: VideoShape
    vocabulary: Vocabulary
    schedule: Schedule
    clips: int
    batch: int
    frames: int
    noise: float = 0.3
    thing_weight: float = 5.0
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    seed: int = 0
    muon: tuple[str, ...] = ()
    ema: float = 0.99
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _pairs: tuple[Tensor, Tensor, Tensor] | None = field(default=None, repr=False)

    def facts(self) -> dict[str, Any]:
        return {
            "phase": self.name,
            "upscaler": self.config.to_dict(),
            "shape": self.shape.to_dict(),
            "vocabulary": self.vocabulary.to_dict(),
            "steps": self.schedule.steps,
            "rate": self.schedule.rate,
            "clips": self.clips,
            "batch": self.batch,
            "frames": self.frames,
            "noise": self.noise,
            "seed": self.seed,
        }

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = Upscaler(self.config)
        if self.start is not None:
            model.load_state_dict(self.start)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _corpus(self) -> tuple[Tensor, Tensor, Tensor]:
        """Decoded pictures [n, h, w, 3], the true ones at twice the size, and how much a thing covers of those."""
        if self._pairs is None:
            height, width = FACTOR * self.shape.height, FACTOR * self.shape.width
            large = replace(self.shape, height=height, width=width)
            order = Order(
                shape=large, vocabulary=self.vocabulary, frames=self.frames, time=self.autoencoder.config.time
            )
            first = 40_000_000 + self.seed * 10_000_000
            seeds = range(first, first + self.clips)
            seen, true, cover = [], [], []
            for clip, _ in render_clips(order, seeds, workers=idle_cores()):
                seen.append(self._decoded(clip.rgb, clip.seed))
                true.append(clip.rgb)
                cover.append(clip.cover)
            self._pairs = (
                torch.from_numpy(np.concatenate(seen)),
                torch.from_numpy(np.concatenate(true)),
                torch.from_numpy(np.concatenate(cover)),
            )
        return self._pairs

    @torch.no_grad()
    def _decoded(self, rgb: np.ndarray, seed: int) -> np.ndarray:
        """What the autoencoder makes of a clip at half its size, with some noise on its latents."""
        generator = torch.Generator().manual_seed(seed)
        video = torch.from_numpy(rgb).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
        latent = self.autoencoder.encode(F.avg_pool3d(video, (1, FACTOR, FACTOR)))
        level = self.noise * torch.rand((), generator=generator)
        picture = self.autoencoder.decode(latent + level * torch.randn(latent.shape, generator=generator))
        return (picture[0].clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        seen, true, cover = self._corpus()
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        index = torch.randint(len(seen), (self.batch,), generator=rng)
        x, y = (pictures[index].to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1 for pictures in (seen, true))
        mask = cover[index].to(self.device).float()[:, None] / 255
        if torch.rand((), generator=rng) < 0.5:
            x, y, mask = x.flip(-1), y.flip(-1), mask.flip(-1)
        weight = 1 + self.thing_weight * F.max_pool2d(mask, 5, 1, 2)
        with mixed(self.device):
            error = model(x).float() - y
        return picture_loss(error, weight, mask)
