"""Phases S1 to S4: the text encoder and the transformer, by flow matching with x-prediction on cached latents.

A clip of a batch trains one of two things. In ``layout_share`` of them its layout is painted while its picture is noise
(in a few of these the picture is half there already: a remix); in the others the picture is painted from the layout,
which is given a little noise, for the one that is painted will not be exact (cascades: Ho et al. 2022, arXiv
2106.15282).

Loss: (0.3 + 0.7 (1 - t)) |x' - x|^2 per token (after the ramp of Dreamer 4, arXiv 2509.24527), more for tokens that
hold a thing. A share of the clips has some of its latent frames, or a part of its picture, known and almost clean
(``givens.py``): that trains image-to-video and the edit verbs. Passing clips, in which things come into the picture or
leave it, are always known at one end: what is painted there goes on from where things are, and need not show them all
the time. The network is told the noise time of a frame; which tokens of it are known anyway, the mask says.

In ``reference_share`` of the steps each clip comes with a picture of one of its things, seen elsewhere: known tokens at
a time before the clip, so that a cast can be shown and not only told. In ``UNTOLD`` of these the caption leaves out its
color: nothing is learnt from a picture of what the words say anyway.

Some captions come with a part of their words unheard, so that what one word means does not lean on the others: a pair
that was never seen together is asked for one day. The text encoder is asked what captions say (``caption_probe.py``).

Phase S4 bakes the guidance in (Meng et al. 2022, arXiv 2210.03142): the target is what the weights that the phase began
with paint when they are guided, so that the result needs one evaluation a step in the place of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ozora.flow.path import mix
from ozora.flow.schedule import draw_times
from ozora.language.facts import Statement
from ozora.model.autoencoder import TIME
from ozora.model.maquette import Denoiser, MaquetteConfig
from ozora.model.precision import mixed
from ozora.model.text import PAD, UNKNOWN, tokenize
from ozora.model.transformer import positions
from ozora.train.caption_probe import CaptionProbe, attach_probe, probe_batch, probe_loss
from ozora.train.givens import draw_givens, draw_passing, draw_regions
from ozora.train.latents import Shelf, read_shelf
from ozora.train.layouts import layout_channels
from ozora.train.optimizers import Optimizers, Schedule, muon_and_adam

SETTLED = 0.15
"""Up to this noise time a layout is settled: the picture is painted from it."""
FRESH = 0.08
"""Of the times, how many are 1: what begins from nothing is decided there, and a logit-normal hardly comes near."""
UNHEARD = 0.3
"""Of the words of a caption that is not heard in full, how many are lost."""
UNTOLD = 0.6
"""Of the clips with a picture of one of their things, how many have a caption without its color."""
REMIXED = 0.15
"""Of the clips whose layout is painted, how many have a picture that is more than noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Clips of ``frames`` frames, ``batch`` of them, taken with probability ``share`` at a step; ``passing`` ones begin
    before or after their scenes."""

    frames: int
    batch: int
    share: float
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Clips of latent tokens: ``picture`` [b, n, k] and ``layout`` [b, n, s], how much of each token a thing covers
    ``things`` [b, n], and the grid ``g i j`` of their ``n`` tokens. The first ``references`` of the ``g`` latent frames
    are pictures of things of the clip. ``passing`` clips are known at one end."""

    picture: Tensor
    layout: Tensor
    things: Tensor
    grid: tuple[int, int, int]
    references: int = 0
    passing: bool = False


@dataclass(slots=True, kw_only=True)
class Diffusion:
    """Trains on ``latents``; ``scale`` is the mean and deviation [k] of ``latent_scale``.

    ``start`` are weights of a denoiser; ``compiled`` pays on a GPU (for some processors PyTorch 2.13 cannot);
    ``reading`` captions a step are asked about; ``guidance`` bakes so much
    of it into the layout and into the picture.
    """

    name: str
    config: MaquetteConfig
    schedule: Schedule
    latents: Path = field(repr=False)
    servings: tuple[Serving, ...]
    scale: tuple[Tensor, Tensor]
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    blank_share: float = 0.1
    unheard_share: float = 0.25
    known_share: float = 0.3
    region_share: float = 0.1
    reference_share: float = 0.3
    thing_weight: float = 5.0
    compiled: bool = False
    guidance: tuple[float, float] | None = None
    layout_share: float = 0.6
    reading: int = 128
    reading_weight: float = 0.3
    layout_mean: float = 1.6
    time_mean: float = 1.2
    time_spread: float = 1.2
    least_weight: float = 0.3
    seed: int = 0
    muon: tuple[str, ...] = ("denoiser.transformer.blocks", "denoiser.text.blocks")
    ema: float = 0.999
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _album: dict[tuple[str, str], list[int]] = field(default_factory=dict, repr=False)
    _shelves: dict[tuple[int, bool], Shelf] = field(default_factory=dict, repr=False)
    _teacher: Denoiser | None = field(default=None, repr=False)

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = attach_probe(Denoiser(self.config.text, self.config.transformer), self.start)
        if self.compiled and self.device.type == "cuda":
            transformer = model.denoiser.transformer
            transformer.forward = torch.compile(transformer.forward, dynamic=False)  # type: ignore[method-assign]
        return model

    def _shelf(self, frames: int, passing: bool = False) -> Shelf:
        if (frames, passing) not in self._shelves:
            shelf = read_shelf(self.latents, frames, passing=passing)
            if shelf is None:
                kind = "passing clips" if passing else "clips"
                raise ValueError(f"no cached {kind} of {frames} frames in {self.latents}; run the latents phase first")
            self._shelves[frames, passing] = shelf
        return self._shelves[frames, passing]

    def optimizers(self, model: nn.Module) -> Optimizers:
        return muon_and_adam(model, muon=self.muon, rate=self.schedule.rate)

    def examine(self, _model: nn.Module) -> dict[str, float]:
        return {}

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        seeds = [self.seed, step, 23]
        draw, generator = np.random.default_rng(seeds), torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        shares = np.array([s.share for s in self.servings])
        serving = self.servings[int(draw.choice(len(shares), p=shares / shares.sum()))]
        shelf = self._shelf(serving.frames, serving.passing)
        index = torch.from_numpy(draw.integers(len(shelf.statements), size=serving.batch))
        batch = replace(self._batch(shelf, index), passing=serving.passing)
        statements = [shelf.statements[number] for number in index.tolist()]
        if draw.random() < self.reference_share:
            batch, statements = self._introduced(batch, statements, draw)
        said = [shelf.said(number, step, what).text for number, what in zip(index.tolist(), statements, strict=True)]
        texts = [text if draw.random() > self.blank_share else "" for text in said]
        picture, layout = self._loss(model, batch, texts, generator)
        asked = draw.integers(len(shelf.statements), size=self.reading).tolist()
        reading = self._reading(model, shelf, asked, step, generator)
        figures = {"frames": serving.frames, "picture": picture.item(), "layout": layout.item()}
        return picture + layout + self.reading_weight * reading, {**figures, "reading": reading.item()}

    def _reading(
        self, model: nn.Module, shelf: Shelf, index: Sequence[int], step: int, generator: torch.Generator
    ) -> Tensor:
        """Error of the answers about some captions."""
        assert isinstance(model, CaptionProbe)
        said = [shelf.said(int(i), step) for i in index]
        texts, statements = [caption.text for caption in said], [caption.statement for caption in said]
        words, asked = probe_batch(texts, statements, self.config.text, generator)
        with mixed(self.device):
            logits = model.read((words[0].to(self.device), words[1].to(self.device)))
        return probe_loss(logits, asked.to(self.device))

    def _batch(self, shelf: Shelf, index: Tensor) -> Batch:
        mean, std = self.scale
        latent = (shelf.latent[index].float() - mean[:, None, None, None]) / std[:, None, None, None]
        share, drift, facing = (values[index].float() for values in (shelf.share, shelf.drift, shelf.facing))
        layout = layout_channels(shelf.names[index], share / 255, drift, facing)
        _, _, g, i, j = latent.shape
        return Batch(
            picture=latent.flatten(2).mT,
            layout=layout.flatten(2).mT,
            things=shelf.things[index].flatten(1),
            grid=(g, i, j),
        )

    def _introduced(
        self, batch: Batch, statements: Sequence[Statement], draw: np.random.Generator
    ) -> tuple[Batch, list[Statement]]:
        """The batch with a picture of one of the things of each clip before it, and what there is to say of the clips
        now: in some, no more the color of that thing."""
        images = self._shelf(1)
        if not self._album:
            for number, statement in enumerate(images.statements):
                for thing in statement.things:
                    self._album.setdefault((thing.noun, thing.color), []).append(number)
        chosen, said = [], []
        for statement in statements:
            which = int(draw.integers(len(statement.things)))
            thing = statement.things[which]
            found = self._album.get((thing.noun, thing.color), [])
            untold = bool(found) and draw.random() < UNTOLD
            chosen.append(found[int(draw.integers(len(found)))] if found else 0)
            said.append(_without_color(statement, which) if untold else statement)
        shown = self._batch(images, torch.tensor(chosen))
        g, i, j = batch.grid
        joined = replace(
            batch,
            picture=torch.cat([shown.picture, batch.picture], dim=1),
            layout=torch.cat([shown.layout, batch.layout], dim=1),
            things=torch.cat([shown.things, batch.things], dim=1),
            grid=(g + 1, i, j),
            references=1,
        )
        return joined, said

    def _loss(
        self, model: nn.Module, batch: Batch, texts: list[str], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Errors of the picture and of the layout, each of the clips that paint it."""
        (g, i, j), b, at = batch.grid, len(texts), self.device
        on_layout = torch.rand(b, generator=generator) < self.layout_share
        half = torch.rand(b, generator=generator) < REMIXED
        drawn = self._times((2, b), self.time_mean, generator)
        early = self._times((b,), self.layout_mean, generator)
        layout_t = torch.where(on_layout, early, SETTLED * torch.rand(b, generator=generator))
        t = torch.where(on_layout, torch.where(half, drawn[0], 1.0), drawn[1])[:, None].expand(b, g)
        near = 0.15 * torch.rand(b, 1, generator=generator)
        shown = torch.ones(b, batch.references)
        own = g - batch.references
        given = draw_passing(b, own, generator) if batch.passing else draw_givens(b, own, self.known_share, generator)
        frames = torch.cat([shown, given], dim=1)
        region = draw_regions(b, i, j, self.region_share, generator).flatten(1)
        known = torch.maximum(frames[:, :, None], region[:, None]).flatten(1)
        t = torch.where(frames > 0, near, t)
        level = torch.where(known > 0, near, t.repeat_interleave(i * j, dim=1))
        clean = torch.cat([batch.layout, batch.picture], dim=-1)
        first = batch.layout.shape[-1]
        times = torch.cat(
            [layout_t[:, None, None].expand(b, g * i * j, first), level[..., None].expand_as(batch.picture)], -1
        )
        x_t = mix(clean, torch.randn(clean.shape, generator=generator), times)
        seconds = float(Fraction(TIME) / self.config.fps)
        place = positions(own, i, j, seconds_a_frame=seconds, references=batch.references)
        words = self._heard(texts, generator)
        indices = (words[0].to(at), words[1].to(at))
        inputs = (x_t.to(at), t.to(at), layout_t.to(at), known.to(at), indices, place.to(at))
        with mixed(at):
            guess = model(*inputs)
        target = clean.to(at) if self.guidance is None else self._guided(*inputs)
        error = (guess.float() - target.float()).square()
        focus = 1 + self.thing_weight * batch.things.clamp_max(0.5) * 2
        picture_weight = (~on_layout[:, None] * self._ramp(level) * (1 - known) * focus).to(at)
        layout_weight = (on_layout[:, None] * self._ramp(layout_t[:, None]) * focus).to(at)
        return (
            (picture_weight * error[..., first:].mean(-1)).sum() / picture_weight.sum().clamp_min(1e-6),
            (layout_weight * error[..., :first].mean(-1)).sum() / layout_weight.sum().clamp_min(1e-6),
        )

    def _times(self, shape: tuple[int, ...], mean: float, generator: torch.Generator) -> Tensor:
        fresh = torch.rand(shape, generator=generator) < FRESH
        return torch.where(fresh, 1.0, draw_times(shape, generator, mean=mean, spread=self.time_spread))

    def _heard(self, texts: list[str], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Indices of words and letters; in some texts a part of the words is unknown."""
        words, letters = tokenize(texts, self.config.text)
        muffled = torch.rand(len(texts), 1, generator=generator) < self.unheard_share
        lost = muffled & (torch.rand(words.shape, generator=generator) < UNHEARD) & (words != PAD)
        return words.masked_fill(lost, UNKNOWN), letters.masked_fill(lost[..., None], 0)

    def _ramp(self, t: Tensor) -> Tensor:
        return self.least_weight + (1 - self.least_weight) * (1 - t)

    @torch.no_grad()
    def _guided(
        self, x_t: Tensor, t: Tensor, layout_t: Tensor, seen: Tensor, words: tuple[Tensor, Tensor], place: Tensor
    ) -> Tensor:
        """What the weights at the start of the phase make of it, guided away from no prompt."""
        if self._teacher is None:
            assert self.start is not None, "guidance is baked into a trained denoiser; give the phase one with `after`"
            self._teacher = attach_probe(Denoiser(self.config.text, self.config.transformer), self.start).denoiser
            self._teacher.to(x_t.device).eval()
        blank = tokenize([""] * len(x_t), self.config.text)
        silent = (blank[0].to(x_t.device), blank[1].to(x_t.device))
        with mixed(x_t.device):
            with_prompt: Tensor = self._teacher(x_t, t, layout_t, seen, words, place)
            without: Tensor = self._teacher(x_t, t, layout_t, seen, silent, place)
        assert self.guidance is not None
        layout = self.config.transformer.layout
        amount = torch.tensor(self.guidance, device=x_t.device)[(torch.arange(x_t.shape[-1]) >= layout).long()]
        return without + amount * (with_prompt - without)


def latent_scale(latents: Path, frames: int) -> tuple[Tensor, Tensor]:
    """Mean [k] of each latent channel over the clips of ``frames`` frames, and the deviation [k] by which they are
    divided: one for all channels, for they are half-way to white already (``Autoencoder.start_from``)."""
    shelf = read_shelf(latents, frames)
    if shelf is None:
        raise ValueError(f"no cached clips of {frames} frames in {latents}; run the latents phase first")
    latent = shelf.latent[:512].float().transpose(0, 1).flatten(1)
    mean = latent.mean(1)
    return mean, latent.var(1).mean().sqrt().expand(len(mean)).clone()


def _without_color(statement: Statement, which: int) -> Statement:
    """The same with the color of one thing left open."""
    things = list(statement.things)
    things[which] = replace(things[which], color="")
    return replace(statement, things=tuple(things))
