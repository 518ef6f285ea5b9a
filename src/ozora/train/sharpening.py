"""The phase `sharpen`: the decoder alone, with critics beside the loss of pixels, so that what it paints is not soft.

Latents stay as they are, so the denoiser need not change. Half of them get noise of up to ``noise`` deviations: what a
denoiser paints is never exact. Two critics (patch discriminators: Isola et al. 2017, arXiv 1611.07004) see 3 and 7
neighbouring frames as one picture, with a hinge loss and spectral norms (Miyato et al. 2018, arXiv 1802.05957); the
second one and the error of differences in time are against flicker. The decoder also matches what the critics see in
true pictures (feature matching: Salimans et al. 2016, arXiv 1606.03498). How much the critics count is steered: up
while the gradient is less than ``goal`` of the truth's, down when the decoder has lost ``room`` dB since they joined
in.

Measured on one H200: 3,156 steps of 16 pieces at 63 ms; gradient 0.506 to 0.691 of the truth, 31.13 to 30.65 dB,
flicker 1.29 to 1.30; with noise of 0.3 deviations 0.505 to 0.737, 30.39 to 29.67 dB, 1.71 to 2.14.

Letters: ``b`` pieces, ``f`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ozora.language.vocabulary import Vocabulary
from ozora.model.autoencoder import TIME, Autoencoder, AutoencoderConfig
from ozora.model.precision import mixed
from ozora.shapes import VideoShape
from ozora.train.optimizers import Optimizers, Schedule, against_critics
from ozora.train.renderers import Order, idle_cores, render_clips

VIEWS = (3, 7)
"""Neighbouring frames that each critic sees."""
LUMA = (0.299, 0.587, 0.114)
STILL = 0.02
"""A pixel stands still that changes less than this in two frames: what bends there is flicker."""
MATCHING = 0.05
"""What feature matching counts."""
PUSH, LEAST_PUSH, MOST_PUSH, PUSH_STEP = 0.02, 0.002, 0.06, 1.03
"""What the critics count: at first, at the least, at the most, and by what it is changed."""
EVERY, PACE = 5, 0.05
"""The balance is measured every so many steps, and its means move by this share."""
TESTED_NOISE = 0.3
FIRST_SEED = 45_000_000
AT_ONCE = 8
"""Pieces that are encoded or examined at a time."""

Video = Float[Tensor, "b c f h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpening:
    """The decoder of the phase ``after`` alone. ``clips`` pieces of ``frames`` frames are rendered and encoded once,
    the first ``tested`` are only measured; a step takes ``batch`` of the others. The critics are ``width`` wide; they
    learn from the first step on, and the decoder heeds them after ``alone`` steps, in full ``ramp`` steps later."""

    schedule: Schedule
    clips: int
    batch: int
    frames: int = 9
    tested: int = 48
    after: str = "decoder"
    noise: float = 0.35
    width: int = 64
    alone: int = 100
    ramp: int = 200
    goal: float = 0.8
    room: float = 0.65
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Pieces ``rgb`` [n, f, h, w, 3] in 0..255, their latents [n, k, g, i, j], and the deviation of these."""

    rgb: Tensor
    latent: Tensor
    deviation: Tensor


class Critic(nn.Module):
    """Neighbouring frames as one picture of many channels, to a score a patch."""

    def __init__(self, frames: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                spectral_norm(nn.Conv2d(3 * frames, width, 4, 2, 1)),
                spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1)),
                spectral_norm(nn.Conv2d(2 * width, 4 * width, 3, 1, 1)),
            ]
        )
        self.score = spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))

    def forward(self, x: Float[Tensor, "b c h w"]) -> tuple[Tensor, list[Tensor]]:
        """Scores [b, 1, y, x], and what the layers before saw."""
        seen: list[Tensor] = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            seen.append(x)
        return self.score(x), seen


class Duel(nn.Module):
    """An autoencoder and its critics as one network, with the state of the balance between them, so that all of it is
    in a checkpoint. A figure of 0 is one that was not measured yet."""

    push: Tensor
    ratio: Tensor
    quality: Tensor
    base: Tensor

    def __init__(self, autoencoder: Autoencoder, config: Sharpening) -> None:
        super().__init__()
        self.config = config
        self.autoencoder = autoencoder
        self.critics = nn.ModuleList([Critic(frames, config.width) for frames in VIEWS])
        for name, value in (("push", PUSH), ("ratio", 0.5), ("quality", 0.0), ("base", 0.0)):
            self.register_buffer(name, torch.tensor(value))

    def decode(self, latent: Tensor) -> Video:
        """Pixels of latents."""
        return self.autoencoder.decode(latent)

    def forward(
        self, video: Video, latent: Tensor, clean: Tensor, starts: tuple[int, ...], step: int
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of the decoder and of the critics together. ``clean`` [b] tells which latents are without noise; the
        views of the critics begin at the frames ``starts``."""
        painted = self.decode(latent).float()
        error = painted - video
        change = error.diff(dim=2).abs().mean()
        learning = adversarial = matching = torch.zeros((), device=video.device)
        for critic, frames, start in zip(self.critics, VIEWS, starts, strict=True):
            true, own = (_cut(part, start, frames) for part in (video, painted))
            score, seen = critic(true)
            learning = learning + F.relu(1 - score.float()).mean()
            learning = learning + F.relu(1 + critic(own.detach())[0].float()).mean()
            # the decoder learns from the critic as it is: no gradient of this pass reaches the critic's weights
            fixed = {name: value.detach() for name, value in critic.named_parameters()}
            score, own_seen = functional_call(critic, fixed, (own,))
            adversarial = adversarial - score.float().mean() / len(VIEWS)
            gaps = [(a.float() - b.detach().float()).abs().mean() for a, b in zip(own_seen, seen, strict=True)]
            matching = matching + torch.stack(gaps).mean() / len(VIEWS)
        heed = min(1.0, max(0.0, (step - self.config.alone) / self.config.ramp))
        push = self.push.clone()
        if step % EVERY == 0 and bool(clean.any()):
            self._steer(painted.detach()[clean], video[clean], step)
        loss = error.abs().mean() + change + heed * (push * adversarial + MATCHING * matching) + learning
        figures = {"critic": learning, "adversarial": adversarial, "matching": matching, "change": change, "push": push}
        figures |= {"gradient": self.ratio, "psnr": self.quality}
        return loss, {name: float(value.detach()) for name, value in figures.items()}

    @torch.no_grad()
    def _steer(self, painted: Video, true: Video, step: int) -> None:
        """Measure the decoder on clean latents, and change what the critics count."""
        quality = _psnr((painted - true).square().mean())
        self.ratio.lerp_(gradient(painted) / gradient(true), PACE)
        self.quality.copy_(torch.where(self.quality == 0, quality, self.quality.lerp(quality, PACE)))
        if step < self.config.alone:
            return
        if self.base == 0:
            self.base.copy_(self.quality)
        up = self.ratio < self.config.goal and self.quality > self.base - self.config.room
        self.push.mul_(PUSH_STEP if up else 1 / PUSH_STEP).clamp_(LEAST_PUSH, MOST_PUSH)


@dataclass(slots=True, kw_only=True)
class Sharpener:
    """Runs ``phase`` from the weights ``start`` of an autoencoder of the sizes ``config``."""

    name: str
    phase: Sharpening
    config: AutoencoderConfig
    shape: VideoShape
    vocabulary: Vocabulary
    start: dict[str, Tensor] = field(repr=False)
    seed: int = 0
    ema: float = 0.998
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _material: Material | None = field(default=None, repr=False)

    @property
    def schedule(self) -> Schedule:
        return self.phase.schedule

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        autoencoder = Autoencoder(self.config)
        autoencoder.load_state_dict(self.start)
        for part in (autoencoder.components_in, autoencoder.encoder):
            part.requires_grad_(False)
        return Duel(autoencoder, self.phase).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def optimizers(self, model: nn.Module) -> Optimizers:
        return against_critics(model, critics="critics.", rate=self.schedule.rate)

    def material(self) -> Material:
        """The pieces, where they are trained on."""
        if self._material is None:
            order = Order(shape=self.shape, vocabulary=self.vocabulary, frames=self.phase.frames, time=TIME)
            first = FIRST_SEED + self.seed * 10_000_000
            clips = render_clips(order, range(first, first + self.phase.clips), workers=idle_cores())
            self._material = self._encoded(torch.stack([torch.from_numpy(clip.rgb) for clip, _ in clips]))
        return self._material

    @torch.no_grad()
    def _encoded(self, rgb: Tensor) -> Material:
        encoder = Autoencoder(self.config)
        encoder.load_state_dict(self.start)
        encoder.to(self.device).eval()
        with mixed(self.device):
            parts = [encoder.encode(_video(part.to(self.device))).half() for part in torch.split(rgb, AT_ONCE)]
        latent = torch.cat(parts)
        deviation = latent.float().transpose(0, 1).flatten(1).var(1).mean().sqrt()
        return Material(rgb=rgb.to(self.device), latent=latent, deviation=deviation)

    def _tested(self) -> int:
        return min(self.phase.tested, self.phase.clips // 4)

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        pieces, b = self.material(), self.phase.batch
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        tested = self._tested()
        index = (tested + torch.randint(len(pieces.rgb) - tested, (b,), generator=rng)).to(self.device)
        video, latent = _video(pieces.rgb[index]), pieces.latent[index].float()
        noisy = torch.rand(b, generator=rng) < 0.5
        level = self.phase.noise * noisy * torch.rand(b, generator=rng)
        noise = level[:, None, None, None, None] * torch.randn(latent.shape, generator=rng)
        latent = latent + pieces.deviation * noise.to(self.device)
        starts = tuple(int(torch.randint(video.shape[2] - frames + 1, (), generator=rng)) for frames in VIEWS)
        with mixed(self.device):
            result: tuple[Tensor, dict[str, float]] = model(video, latent, (~noisy).to(self.device), starts, step)
        return result

    @torch.no_grad()
    def examine(self, model: nn.Module) -> dict[str, float]:
        """What the decoder makes of pieces it never learnt from: PSNR in dB, gradient as a share of the truth's, and
        flicker, the bend in time of what stands still, in levels of 255; the same of latents with noise."""
        assert isinstance(model, Duel)
        return {**self._measured(model, 0.0, ""), **self._measured(model, TESTED_NOISE, "noisy_")}

    def _measured(self, model: Duel, noise: float, prefix: str) -> dict[str, float]:
        rows = torch.tensor(list(self._pairs(model, noise)), dtype=torch.float64)
        error, own, true, bend, still = rows.mean(0).unbind()
        figures = {"psnr": _psnr(error), "gradient": own / true, "flicker": bend / still.clamp_min(1e-9)}
        return {prefix + name: float(value) for name, value in figures.items()}

    def _pairs(self, model: Duel, noise: float) -> Iterator[list[float]]:
        """Of each few pieces: squared error, gradients, and sum and number of what bends where nothing moves."""
        pieces, rng = self.material(), torch.Generator().manual_seed(self.seed)
        for first in range(0, self._tested(), AT_ONCE):
            some = slice(first, min(first + AT_ONCE, self._tested()))
            true, latent = _video(pieces.rgb[some]), pieces.latent[some].float()
            added = noise * torch.randn(latent.shape, generator=rng).to(self.device)
            with mixed(self.device):
                own = model.decode(latent + pieces.deviation * added).float().clamp(-1, 1)
            bend = (own[:, :, 2:] - 2 * own[:, :, 1:-1] + own[:, :, :-2]).abs().mean(1) * 127.5
            still = (true[:, :, 2:] - true[:, :, :-2]).abs().mean(1) < STILL
            figures = ((own - true).square().mean(), gradient(own), gradient(true), (bend * still).sum(), still.sum())
            yield [float(value) for value in figures]


def sharpened_decoder(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The autoencoder's part of a checkpoint of ``Duel``."""
    prefix = "autoencoder."
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def gradient(video: Video) -> Tensor:
    """Root mean square of the steps between neighbouring pixels of the luma, in levels of 255."""
    weights = torch.tensor(LUMA, device=video.device)[:, None, None, None]
    luma = (video.float() * weights).sum(1) * 127.5
    return (luma.diff(dim=-1).square().mean() + luma.diff(dim=-2).square().mean()).sqrt()


def _psnr(error: Tensor) -> Tensor:
    """In dB, of a mean squared error of pictures in [-1, 1]."""
    return -10 * torch.log10(error / 4 + 1e-9)


def _video(rgb: Tensor) -> Video:
    """[b, f, h, w, 3] in 0..255 to [-1, 1]."""
    return rgb.permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def _cut(video: Video, start: int, frames: int) -> Float[Tensor, "b c h w"]:
    """Neighbouring frames as one picture."""
    part = video[:, :, start : start + frames].transpose(1, 2).flatten(1, 2)
    return part.contiguous(memory_format=torch.channels_last)
