"""Recipes: complete trainings as Python functions. A variant calls another and replaces a field.

    recipe   command                              cost                     expected
    tiny     ozora train tiny --out runs/tiny     a minute on 2 cores      a loss that falls; nothing to look at
    gpu      ozora train gpu --out runs/gpu       50 min of one H100       not run yet
    gpu-more ozora train gpu-more --out runs/more 35 min of one H200       not run yet; see docs/training.md
    parser   ozora train parser --out runs/parser an hour on 2 cores       see docs/training.md

Phases: autoencoder (both halves), latents (a cache), images (and short clips), clips (at a constant rate), cooldown
(the rate falls to nothing), guided (guidance is baked in), decoder (alone, on noisy latents), sharpen (the decoder with
critics), enlarger (of finished pictures), lessons (a cache) and parser (of scenes). Each is resumable; ``ozora train
tiny:images`` runs one phase alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ozora.errors import UnknownNameError
from ozora.language.vocabulary import FULL, SMALL, Vocabulary
from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.transformer import TransformerConfig
from ozora.model.upscaler import UpscalerConfig
from ozora.shapes import VideoShape
from ozora.train.beginning import BEGIN_AUTOENCODER, BEGIN_DENOISER, Beginning
from ozora.train.diffusion import Serving
from ozora.train.lessons import LessonPhase
from ozora.train.optimizers import Schedule
from ozora.train.parsing import ParserPhase
from ozora.train.sharpening import Sharpening


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderPhase:
    """Pixels to pixels: ``clips`` pieces of ``frames`` frames are held in memory, a step takes ``batch`` of them. With
    ``after``, the decoder of that phase alone."""

    schedule: Schedule
    clips: int
    batch: int
    frames: int
    after: str = ""
    noise: float = 0.25
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """``clips`` clips of ``frames`` frames, from ``first_seed`` on; ``passing`` ones begin before or after their
    scenes."""

    frames: int
    clips: int
    first_seed: int
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentPhase:
    """What to render and encode, in order; ``minutes`` may end it early."""

    shelves: tuple[Stock, ...]
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionPhase:
    """Text and transformer on the cached latents, going on from the phase ``after``; fields as in ``Diffusion``."""

    schedule: Schedule
    servings: tuple[Serving, ...]
    after: str = ""
    compiled: bool = False
    guidance: tuple[float, float] | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnlargerPhase:
    """Finished pictures to twice their size: ``clips`` pieces of ``frames`` frames, ``batch`` pictures (or places of
    ``patch`` pixels a side) a step."""

    schedule: Schedule
    clips: int
    batch: int
    frames: int
    config: UpscalerConfig = field(default_factory=UpscalerConfig)
    patch: int = 0
    minutes: float | None = None


Phase = (
    Beginning | AutoencoderPhase | LatentPhase | DiffusionPhase | Sharpening | EnlargerPhase | LessonPhase | ParserPhase
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One model from nothing, or from other weights, to weights: its phases run in order, by name. The autoencoder of
    the phase ``encoder`` makes the latents. Shipped are the autoencoder of ``decoder``, the text encoder and
    transformer of ``denoiser`` and, if there is one, the ``enlarger``; the scene ``parser`` is a file of its own. A
    name that is empty is a part that this recipe does not make."""

    name: str
    vocabulary: Vocabulary
    shape: VideoShape
    autoencoder: AutoencoderConfig
    transformer: TransformerConfig
    text_layers: int
    phases: dict[str, Phase]
    encoder: str = "autoencoder"
    decoder: str = "sharpen"
    denoiser: str = "guided"
    enlarger: str = "enlarger"
    parser: str = ""
    steps: int = 6
    seed: int = 0

    @property
    def finals(self) -> tuple[str, ...]:
        """The phases that the weights are made of."""
        return tuple(name for name in (self.decoder, self.denoiser, self.enlarger, self.parser) if name)


MORE = 400_000_000
"""Clips of a training that goes on are others."""
IMAGES, SHORTS, FULLS, PASSING = 10_000_000, 20_000_000, 30_000_000, 35_000_000
"""First seeds of the three lengths, and of passing clips; evaluation begins at 3,000,000,000."""


def tiny() -> Recipe:
    """A minute: every phase once, at toy size."""
    short = Schedule(steps=10, rate=2e-3, warmup=5)
    serving = (Serving(frames=1, batch=8, share=0.5), Serving(frames=13, batch=4, share=0.5))
    return Recipe(
        name="tiny",
        vocabulary=SMALL,
        shape=VideoShape(frames=13, height=64, width=96, fps=Fraction(12)),
        autoencoder=AutoencoderConfig(channels=16, width=32, encoder_widths=(8, 16, 16), decoder_widths=(8, 8, 16, 16)),
        transformer=TransformerConfig(channels=16, text_width=64, width=64, layers=3, heads=2, hidden=128),
        text_layers=1,
        phases={
            "autoencoder": AutoencoderPhase(schedule=short, clips=8, batch=2, frames=5),
            "latents": LatentPhase(
                shelves=(Stock(frames=1, clips=16, first_seed=IMAGES), Stock(frames=13, clips=8, first_seed=SHORTS))
            ),
            "images": DiffusionPhase(schedule=Schedule(steps=20, rate=3e-3, warmup=5), servings=serving),
            "clips": DiffusionPhase(schedule=short, servings=serving, after="images"),
            "guided": DiffusionPhase(schedule=short, servings=serving, after="clips", guidance=(2.0, 2.0)),
            "decoder": AutoencoderPhase(schedule=short, clips=8, batch=2, frames=5, after="autoencoder"),
            "sharpen": Sharpening(schedule=short, clips=8, batch=2, frames=9, width=8, alone=3, ramp=3),
            "enlarger": EnlargerPhase(
                schedule=short, clips=2, batch=2, frames=5, config=UpscalerConfig(width=16, blocks=1), patch=32
            ),
            "lessons": LessonPhase(count=12, decoded=3, autoencoder="sharpen", height=128, width=224),
            "parser": ParserPhase(schedule=short, batch=2, tested=4, judged=2),
        },
        parser="parser",
    )


def gpu() -> Recipe:
    """The shipped model's sizes on one H100, from nothing. Not run yet."""
    first = (Serving(frames=1, batch=768, share=0.5), Serving(frames=13, batch=256, share=0.5))
    full = (
        Serving(frames=1, batch=768, share=0.15),
        Serving(frames=13, batch=256, share=0.15),
        Serving(frames=49, batch=88, share=0.55),
        Serving(frames=49, batch=88, share=0.15, passing=True),
    )
    constant = Schedule(steps=6000, rate=3e-3, warmup=100, cooldown=0.0)
    return Recipe(
        name="gpu",
        vocabulary=FULL,
        shape=VideoShape(frames=49, height=256, width=448, fps=Fraction(12)),
        autoencoder=AutoencoderConfig(),
        transformer=TransformerConfig(),
        text_layers=3,
        phases={
            "autoencoder": AutoencoderPhase(
                schedule=Schedule(steps=3000, rate=1.5e-3, warmup=100, cooldown=0.5),
                clips=4000,
                batch=24,
                frames=9,
                minutes=5.5,
            ),
            "latents": LatentPhase(
                shelves=(
                    Stock(frames=1, clips=20_000, first_seed=IMAGES),
                    Stock(frames=13, clips=20_000, first_seed=SHORTS),
                    Stock(frames=49, clips=40_000, first_seed=FULLS),
                    Stock(frames=49, clips=8000, first_seed=PASSING, passing=True),
                )
            ),
            "images": DiffusionPhase(schedule=constant, servings=first, compiled=True, minutes=4.0),
            "clips": DiffusionPhase(schedule=constant, servings=full, after="images", compiled=True, minutes=8.5),
            "cooldown": DiffusionPhase(
                schedule=Schedule(steps=2500, rate=3e-3, warmup=10, cooldown=1.0, floor=0.01),
                servings=full,
                after="clips",
                compiled=True,
                minutes=7.0,
            ),
            "guided": DiffusionPhase(
                schedule=Schedule(steps=1200, rate=1e-3),
                servings=full,
                after="cooldown",
                compiled=True,
                guidance=(2.0, 2.0),
                minutes=4.0,
            ),
            "decoder": AutoencoderPhase(
                schedule=Schedule(steps=2500, rate=1e-3, cooldown=0.5),
                clips=4000,
                batch=24,
                frames=9,
                after="autoencoder",
                noise=0.5,
                minutes=4.0,
            ),
            "sharpen": Sharpening(
                schedule=Schedule(steps=3150, rate=2e-4, cooldown=0.4), clips=3600, batch=16, minutes=5.0
            ),
            "enlarger": EnlargerPhase(
                schedule=Schedule(steps=4000, rate=4e-3, cooldown=0.5),
                clips=1000,
                batch=48,
                frames=9,
                config=UpscalerConfig(width=64, blocks=8),
                patch=128,
                minutes=4.0,
            ),
        },
    )


def gpu_more() -> Recipe:
    """From the shipped weights on. Rates, batches and steps are those of the run that made maquette 2.1
    (docs/training.md); its upright clips are not in it. Not run yet."""
    servings = (
        Serving(frames=1, batch=768, share=0.2),
        Serving(frames=49, batch=88, share=0.68),
        Serving(frames=49, batch=88, share=0.12, passing=True),
    )
    return replace(
        gpu(),
        name="gpu-more",
        phases={
            "begin": Beginning(),
            "latents": LatentPhase(
                shelves=(
                    Stock(frames=1, clips=20_000, first_seed=MORE + IMAGES),
                    Stock(frames=49, clips=30_000, first_seed=MORE + FULLS),
                    Stock(frames=49, clips=6000, first_seed=MORE + PASSING, passing=True),
                )
            ),
            "sharpen": Sharpening(
                schedule=Schedule(steps=3150, rate=2e-4, cooldown=0.4),
                clips=3600,
                batch=16,
                after=BEGIN_AUTOENCODER,
                minutes=5.0,
            ),
            "main": DiffusionPhase(
                schedule=Schedule(steps=6840, rate=2.5e-3, warmup=100, cooldown=0.0),
                servings=servings,
                after=BEGIN_DENOISER,
                compiled=True,
            ),
            "cooldown": DiffusionPhase(
                schedule=Schedule(steps=3500, rate=2.5e-3, warmup=1, cooldown=1.0, floor=0.06),
                servings=servings,
                after="main",
                compiled=True,
            ),
            "bake": DiffusionPhase(
                schedule=Schedule(steps=840, rate=5e-4, warmup=1, cooldown=1.0),
                servings=servings,
                after="cooldown",
                compiled=True,
                guidance=(2.0, 1.4),
            ),
        },
        encoder=BEGIN_AUTOENCODER,
        denoiser="bake",
        enlarger="",
    )


def parser() -> Recipe:
    """The scene parser of the shipped vocabulary; its decoded lessons are those of the shipped autoencoder."""
    return replace(
        gpu(),
        name="parser",
        phases={
            "begin": Beginning(),
            "lessons": LessonPhase(count=16_000, autoencoder=BEGIN_AUTOENCODER),
            "parser": ParserPhase(schedule=Schedule(steps=4000, rate=2e-2, warmup=200, cooldown=0.6), batch=16),
            "finish": ParserPhase(
                schedule=Schedule(steps=3200, rate=1.6e-2, warmup=100, cooldown=0.8),
                batch=16,
                whole=0.4,
                after="parser",
            ),
        },
        decoder="",
        denoiser="",
        enlarger="",
        parser="finish",
    )


RECIPES: dict[str, Callable[[], Recipe]] = {"tiny": tiny, "gpu": gpu, "gpu-more": gpu_more, "parser": parser}


def find(name: str) -> Recipe:
    """The recipe of a name; ``UnknownNameError`` lists those that there are."""
    if name not in RECIPES:
        raise UnknownNameError(f"there is no recipe '{name}'; there are: {', '.join(RECIPES)}")
    return RECIPES[name]()
