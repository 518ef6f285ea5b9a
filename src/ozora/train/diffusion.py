"""Phases S1 to S4: the text encoder and the transformer, by flow matching with x-prediction on cached latents.

Loss: (0.3 + 0.7 (1 - t)) |x' - x|^2 per token (after the ramp of Dreamer 4, arXiv 2509.24527), more for tokens that
hold a thing, and a little for what a probe reads in the middle of the network (``probe.py``). Times lean far toward
noise: where a thing is, and which way it goes, is decided at t of 0.8 to 0.97. A share of the clips has some of its
latent frames, or a part of its picture, known and almost clean (``givens.py``): that trains image-to-video and the edit
verbs. The network is told the noise time of a frame; which tokens of it are known anyway, the mask says.

Phase S4 bakes the guidance in (Meng et al. 2022, arXiv 2210.03142): the target is what the weights that the phase began
with paint when they are guided, so that the result needs one evaluation a step in the place of two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ozora.flow.path import mix
from ozora.flow.schedule import draw_times
from ozora.model.maquette import MaquetteConfig, Painter
from ozora.model.text import tokenize
from ozora.model.transformer import positions
from ozora.train.givens import draw_givens, draw_regions
from ozora.train.latents import Shelf, read_shelf
from ozora.train.machine import mixed
from ozora.train.optimizers import Schedule
from ozora.train.probe import probe_loss, probed


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Clips of ``frames`` frames, ``batch`` of them, taken with probability ``share`` at a step."""

    frames: int
    batch: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the stage says of the tokens of a batch; as in ``Shelf``."""

    things: Tensor
    names: Tensor
    drift: Tensor


@dataclass(slots=True, kw_only=True)
class Diffusion:
    """Trains on ``latents``; ``scale`` is the mean and deviation [k] of ``latent_scale``.

    ``start`` are weights of an earlier phase or of a painter alone; ``compiled`` pays from a thousand steps on (a
    quarter less time on a CPU); ``guidance`` bakes that much of it in.
    """

    name: str
    config: MaquetteConfig
    schedule: Schedule
    latents: Path
    servings: tuple[Serving, ...]
    scale: tuple[Tensor, Tensor]
    start: dict[str, Tensor] | None = None
    blank_share: float = 0.1
    known_share: float = 0.3
    region_share: float = 0.1
    thing_weight: float = 5.0
    probe_weight: float = 0.1
    compiled: bool = False
    guidance: float | None = None
    time_mean: float = 1.4
    time_spread: float = 1.2
    least_weight: float = 0.3
    seed: int = 0
    muon: tuple[str, ...] = ("painter.transformer.blocks", "painter.text.blocks")
    ema: float = 0.999
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _shelves: dict[int, Shelf] = field(default_factory=dict, repr=False)
    _teacher: Painter | None = field(default=None, repr=False)

    def facts(self) -> dict[str, Any]:
        return {
            "phase": self.name,
            "model": self.config.to_dict(),
            "steps": self.schedule.steps,
            "rate": self.schedule.rate,
            "servings": [[s.frames, s.batch, s.share] for s in self.servings],
            "blank_share": self.blank_share,
            "known_share": self.known_share,
            "region_share": self.region_share,
            "thing_weight": self.thing_weight,
            "time_mean": self.time_mean,
            "seed": self.seed,
            "latent_mean": [round(value, 6) for value in self.scale[0].tolist()],
            "latent_std": [round(value, 6) for value in self.scale[1].tolist()],
        }

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = probed(Painter(self.config.text, self.config.transformer), self.start)
        if self.compiled:
            transformer = model.painter.transformer
            transformer.trace = torch.compile(transformer.trace, dynamic=False)  # type: ignore[method-assign]
        return model

    def _shelf(self, frames: int) -> Shelf:
        if frames not in self._shelves:
            shelf = read_shelf(self.latents, frames)
            if shelf is None:
                raise ValueError(f"no cached clips of {frames} frames in {self.latents}; run the latents phase first")
            self._shelves[frames] = shelf
        return self._shelves[frames]

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        seeds = [self.seed, step, 23]
        draw, generator = np.random.default_rng(seeds), torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        shares = np.array([s.share for s in self.servings])
        serving = self.servings[int(draw.choice(len(shares), p=shares / shares.sum()))]
        shelf = self._shelf(serving.frames)
        index = torch.from_numpy(draw.integers(len(shelf.statements), size=serving.batch))
        texts = [shelf.caption(int(i), step) if draw.random() > self.blank_share else "" for i in index]
        mean, std = self.scale
        latent = (shelf.latent[index].float() - mean[:, None, None, None]) / std[:, None, None, None]
        truth = Truth(things=shelf.things[index], names=shelf.names[index], drift=shelf.drift[index])
        main, probe = self._loss(model, latent, truth, texts, generator)
        return main + self.probe_weight * probe, {"frames": serving.frames, "probe": probe.item()}

    def _loss(
        self, model: nn.Module, latent: Tensor, truth: Truth, texts: list[str], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Errors of the data and of the probe."""
        b, _, g, i, j = latent.shape
        t = draw_times((b, 1), generator, mean=self.time_mean, spread=self.time_spread).expand(b, g)
        frames = draw_givens(b, g, self.known_share, generator)
        region = draw_regions(b, i, j, self.region_share, generator).flatten(1)
        known = torch.maximum(frames[:, :, None], region[:, None])
        near = 0.15 * torch.rand(b, 1, generator=generator)
        t = torch.where(frames > 0, near, t)
        x = latent.flatten(3).permute(0, 2, 3, 1)  # [b, g, i j, k]
        noise = torch.randn(x.shape, generator=generator)
        x_t = mix(x, noise, torch.where(known > 0, near[:, None], t[:, :, None])[..., None])
        space = self.config.autoencoder
        place = positions(g, i, j, seconds_a_frame=float(Fraction(space.time) / self.config.fps))
        at = self.device
        words = tokenize(texts, self.config.text)
        seen = known.flatten(1)
        indices = (words[0].to(at), words[1].to(at))
        inputs = (x_t.flatten(1, 2).to(at), t.to(at), seen.to(at), indices, place.to(at))
        with mixed(at):
            guess, logits = model(*inputs)
        target = x.to(at) if self.guidance is None else self._guided(*inputs).view_as(x)
        focus = 1 + self.thing_weight * truth.things.flatten(2).clamp_max(0.5) * 2
        ramp = self.least_weight + (1 - self.least_weight) * (1 - t)
        weight = (ramp[:, :, None] * (1 - known) * focus).to(at)
        error = (guess.view_as(x).float() - target.float()).square().mean(-1)
        loss = (weight * error).sum() / weight.sum().clamp_min(1e-6)
        names, drift = truth.names.flatten(2).long().to(at), truth.drift.flatten(2).float().to(at)
        return loss, probe_loss(logits, names, drift, focus.flatten(1).to(at))

    @torch.no_grad()
    def _guided(self, x_t: Tensor, t: Tensor, seen: Tensor, words: tuple[Tensor, Tensor], place: Tensor) -> Tensor:
        """What the weights at the start of the phase make of it, guided away from no prompt."""
        if self._teacher is None:
            assert self.start is not None, "guidance is baked into a trained painter; give the phase one with `after`"
            self._teacher = probed(Painter(self.config.text, self.config.transformer), self.start).painter
            self._teacher.to(x_t.device).eval()
        blank = tokenize([""] * len(x_t), self.config.text)
        silent = (blank[0].to(x_t.device), blank[1].to(x_t.device))
        with mixed(x_t.device):
            with_prompt: Tensor = self._teacher(x_t, t, seen, words, place)
            without: Tensor = self._teacher(x_t, t, seen, silent, place)
        assert self.guidance is not None
        return without + self.guidance * (with_prompt - without)


def latent_scale(latents: Path, frames: int, importance: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [k] of each latent channel, and the deviation by which it is divided, from the clips of ``frames`` frames.

    ``importance`` [k] is how much of the picture a channel carries. Channels that matter more keep a larger deviation:
    with components that were all white, most of the loss would go to detail that nobody sees. Half-way (a square root)
    lies between that and plain pixels.
    """
    shelf = read_shelf(latents, frames)
    if shelf is None:
        raise ValueError(f"no cached clips of {frames} frames in {latents}; run the latents phase first")
    latent = shelf.latent[:512].float()
    wanted = (importance / importance.max()).sqrt()
    wanted = wanted / wanted.square().mean().sqrt()
    return latent.mean((0, 2, 3, 4)), (latent.std((0, 2, 3, 4)) + 1e-4) / wanted
