"""The phase of the enlarger: from finished pictures to the same scene rendered at twice the size.

Half of its pictures went through the autoencoder and a video file, as painted ones do, half through a video file alone:
what is sharp already is not to be sharpened. Noise is added to the latents, so that it has seen pictures as imperfect
as painted ones. Loss: Charbonnier plus gradients, weighted by the stage's masks, as in ``autoencoding.py``.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.language.vocabulary import Vocabulary
from ozora.media import read_video, write_video
from ozora.model.autoencoder import TIME, Autoencoder
from ozora.model.precision import mixed
from ozora.model.upscaler import FACTOR, Upscaler, UpscalerConfig
from ozora.shapes import VideoShape
from ozora.train.optimizers import Optimizers, Schedule, muon_and_adam
from ozora.train.picture_loss import picture_loss
from ozora.train.renderers import Order, idle_cores, render_clips


@dataclass(slots=True, kw_only=True)
class Enlarging:
    """``clips`` pieces of ``frames`` frames at twice ``shape`` are rendered once and held in memory; a step takes
    ``batch`` pictures of them, or places of ``patch`` x ``patch`` pixels in them."""

    name: str
    config: UpscalerConfig
    autoencoder: Autoencoder = field(repr=False)
    shape: VideoShape
    vocabulary: Vocabulary
    schedule: Schedule
    clips: int
    batch: int
    frames: int
    patch: int = 0
    noise: float = 0.08
    thing_weight: float = 5.0
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    seed: int = 0
    ema: float = 0.99
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _pairs: tuple[Tensor, Tensor, Tensor] | None = field(default=None, repr=False)

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = Upscaler(self.config)
        if self.start is not None:
            model.load_state_dict(self.start)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _corpus(self) -> tuple[Tensor, Tensor, Tensor]:
        """What is seen [n, h, w, 3], the true pictures at twice the size, and how much a thing covers of those."""
        if self._pairs is None:
            large = replace(self.shape, height=FACTOR * self.shape.height, width=FACTOR * self.shape.width)
            order = Order(shape=large, vocabulary=self.vocabulary, frames=self.frames, time=TIME)
            first = 40_000_000 + self.seed * 10_000_000
            seeds = range(first, first + self.clips)
            seen, true, cover = [], [], []
            for clip, _ in render_clips(order, seeds, workers=idle_cores()):
                seen.append(self.seen(clip.rgb, clip.seed))
                true.append(clip.rgb)
                cover.append(clip.cover)
            self._pairs = (
                torch.from_numpy(np.concatenate(seen)),
                torch.from_numpy(np.concatenate(true)),
                torch.from_numpy(np.concatenate(cover)),
            )
        return self._pairs

    @torch.no_grad()
    def seen(self, rgb: np.ndarray, seed: int) -> np.ndarray:
        """A clip at half its size as it is finished; every other one by the renderer alone."""
        video = F.avg_pool3d(torch.from_numpy(rgb).permute(3, 0, 1, 2).float()[None] / 127.5 - 1, (1, FACTOR, FACTOR))
        return _filed(_pictures(self._decoded(video, seed) if seed % 2 else video), self.shape.fps)

    def _decoded(self, video: Tensor, seed: int) -> Tensor:
        """What the autoencoder makes of a clip, with some noise on its latents."""
        generator = torch.Generator().manual_seed(seed)
        latent = self.autoencoder.encode(video)
        level = self.noise * torch.rand((), generator=generator)
        noise = level * latent.std() * torch.randn(latent.shape, generator=generator)
        result: Tensor = self.autoencoder.decode(latent + noise)
        return result

    def optimizers(self, model: nn.Module) -> Optimizers:
        return muon_and_adam(model, muon=(), rate=self.schedule.rate)

    def examine(self, _model: nn.Module) -> dict[str, float]:
        return {}

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        seen, true, cover = self._corpus()
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        index = torch.randint(len(seen), (self.batch,), generator=rng)
        if self.patch:
            seen, true, cover = self._places(seen, true, cover, index, rng)
        else:
            seen, true, cover = seen[index], true[index], cover[index]
        x, y = (pictures.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1 for pictures in (seen, true))
        mask = cover.to(self.device).float()[:, None] / 255
        if torch.rand((), generator=rng) < 0.5:
            x, y, mask = x.flip(-1), y.flip(-1), mask.flip(-1)
        weight = 1 + self.thing_weight * F.max_pool2d(mask, 5, 1, 2)
        with mixed(self.device):
            error = model(x).float() - y
        return picture_loss(error, weight, mask)

    def _places(
        self, seen: Tensor, true: Tensor, cover: Tensor, index: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A place of each picture of ``index``."""
        height, width = seen.shape[1:3]
        tops = torch.randint(height - self.patch + 1, (len(index),), generator=rng).tolist()
        lefts = torch.randint(width - self.patch + 1, (len(index),), generator=rng).tolist()

        def cut(pictures: Tensor, factor: int) -> Tensor:
            side = factor * self.patch
            places = zip(index.tolist(), tops, lefts, strict=True)
            return torch.stack(
                [pictures[n, factor * y : factor * y + side, factor * x : factor * x + side] for n, y, x in places]
            )

        return cut(seen, 1), cut(true, FACTOR), cut(cover, FACTOR)


def _pictures(video: Tensor) -> np.ndarray:
    """[1, 3, f, h, w] in [-1, 1] to [f, h, w, 3]."""
    return (video[0].clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()


def _filed(pictures: np.ndarray, fps: Fraction) -> np.ndarray:
    """Pictures as they come back from a video file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_video(pictures, fps, path)
        return read_video(path)[0]
