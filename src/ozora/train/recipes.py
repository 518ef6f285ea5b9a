"""Recipes: complete trainings as Python functions. A variant calls another and replaces a field.

    recipe   command                              cost                     expected
    tiny     ozora train tiny --out runs/tiny     a minute on 2 cores      a loss that falls; nothing to look at
    cpu      ozora train cpu --out runs/cpu       about 5 h on 2 cores     what is shipped, or about that
    cpu-more ozora train cpu-more --out runs/more 70 min on 2 cores        the painter, from the shipped weights on
    gpu      ozora train gpu --out runs/gpu       30 min of one H200       not run yet

Phases: s0 autoencoder, latents (a cache), s1 images and short clips, s2 everything at a constant rate, s3 the rate
falls to nothing, s3p the picture almost alone, s4 guidance is baked in, s5 the decoder on noisy latents, s6 the
upscaler, s7 the enlarger of finished pictures. Each is resumable; ``ozora train cpu:s1`` runs one phase alone.
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
from ozora.train.diffusion import Serving
from ozora.train.optimizers import Schedule

MOTION = ("motion_up", "motion_down")
"""The parts of the encoder that say how things move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderPhase:
    """Pixels to pixels: ``clips`` pieces of ``frames`` frames are held in memory, a step takes ``batch`` of them.

    ``encoder`` names the parts of the encoder that are trained; what an image looks like is set in closed form. The
    noise is like the errors of the phase ``painter``.
    """

    schedule: Schedule
    clips: int
    batch: int
    frames: int
    encoder: tuple[str, ...] = ()
    after: str = ""
    noise: float = 0.2
    painter: str = ""
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
    guidance: float | None = None
    time_mean: float = 1.2
    lead_share: float = 0.6
    reading: int = 128
    ema: float = 0.999
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscalerPhase:
    """Decoded pictures to twice their size: ``clips`` pieces of ``frames`` frames, ``batch`` pictures (or places of
    ``patch`` pixels a side) a step, up to ``noise`` on their latents. With ``after``, finished pictures: those of the
    upscaler of that phase."""

    schedule: Schedule
    clips: int
    batch: int
    frames: int
    config: UpscalerConfig = field(default_factory=UpscalerConfig)
    after: str = ""
    patch: int = 0
    noise: float = 0.3
    minutes: float | None = None


FROM_SHIPPED = "shipped"
"""In ``after``: go on from the weights in the package."""

Phase = AutoencoderPhase | LatentPhase | DiffusionPhase | UpscalerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One model from nothing to weights: its phases run in order, by name."""

    name: str
    vocabulary: Vocabulary
    shape: VideoShape
    autoencoder: AutoencoderConfig
    transformer: TransformerConfig
    text_layers: int
    phases: dict[str, Phase]
    decoder: str
    """The phase whose autoencoder is shipped; the weights in the package may have it already (``FROM_SHIPPED``)."""
    painters: tuple[str, ...]
    """The phases whose transformers are shipped: the mean of their weights (Wortsman et al. 2022, arXiv 2203.05482),
    and of those in the package where these are among them (``FROM_SHIPPED``); a phase is last."""
    upscaler: str = ""
    """The phase whose upscaler is shipped, if there is one; or ``FROM_SHIPPED``."""
    enlarger: str = ""
    """The same for the enlarger of finished pictures."""
    steps: int = 24
    solver: str = "ancestral"
    guidance: float = 1.4
    shift: float = 4.0
    lead_guidance: float = 2.0
    lead_shift: float = 5.0
    rehearsals: int = 5
    """How a shipped painter is sampled: see ``flow``. Half of the steps are for the blocking, most of these near the
    noise, where it is decided."""
    seed: int = 0

    @property
    def finals(self) -> tuple[str, ...]:
        """The phases that the weights are made of."""
        return tuple(
            name for name in (*self.painters, self.decoder, self.upscaler, self.enlarger) if name in self.phases
        )


IMAGES, SHORTS, FULLS, PASSING = 10_000_000, 20_000_000, 30_000_000, 35_000_000
"""First seeds of the three lengths, and of passing clips; evaluation begins at 3,000,000,000."""


def cpu() -> Recipe:
    """A few hours on two cores: the simpler part of the stage (``SMALL``) at 224 x 128, four seconds."""
    short = (Serving(frames=1, batch=40, share=0.6), Serving(frames=13, batch=20, share=0.4))
    full = (
        Serving(frames=1, batch=128, share=0.30),
        Serving(frames=13, batch=64, share=0.25),
        Serving(frames=49, batch=24, share=0.45),
    )
    passing = (
        Serving(frames=1, batch=128, share=0.16),
        Serving(frames=13, batch=64, share=0.24),
        Serving(frames=49, batch=24, share=0.41),
        Serving(frames=49, batch=24, share=0.19, passing=True),
    )
    long = (
        Serving(frames=1, batch=128, share=0.2),
        Serving(frames=13, batch=64, share=0.2),
        Serving(frames=49, batch=24, share=0.6),
    )
    constant = Schedule(steps=3000, rate=3e-3, warmup=30, cooldown=0.0)
    return Recipe(
        name="cpu",
        vocabulary=SMALL,
        shape=VideoShape(frames=49, height=128, width=224, fps=Fraction(12)),
        autoencoder=AutoencoderConfig(),
        transformer=TransformerConfig(layers=8),
        text_layers=3,
        phases={
            "s0": AutoencoderPhase(
                schedule=Schedule(steps=2000, rate=2.5e-3, warmup=20, cooldown=0.5),
                clips=2400,
                batch=4,
                frames=13,
                noise=0.1,
                encoder=MOTION,
            ),
            "latents": LatentPhase(
                shelves=(
                    Stock(frames=1, clips=4096, first_seed=IMAGES),
                    Stock(frames=13, clips=4096, first_seed=SHORTS),
                    Stock(frames=49, clips=8000, first_seed=FULLS),
                    Stock(frames=49, clips=2048, first_seed=PASSING, passing=True),
                )
            ),
            "s1": DiffusionPhase(schedule=replace(constant, steps=430), servings=short),
            "s2": DiffusionPhase(schedule=constant, servings=full, after="s1"),
            "s3": DiffusionPhase(
                schedule=Schedule(steps=2000, rate=3e-3, warmup=10, cooldown=1.0, floor=0.01),
                servings=passing,
                after="s2",
                ema=0.99,
            ),
            "s3p": DiffusionPhase(
                schedule=Schedule(steps=400, rate=1.5e-3, warmup=20, cooldown=1.0, floor=0.01),
                servings=long,
                after="s3",
                time_mean=0.9,
                lead_share=0.12,
                reading=16,
                ema=0.99,
            ),
            "s5": AutoencoderPhase(
                schedule=Schedule(steps=1200, rate=2.5e-3, warmup=20, cooldown=0.5),
                clips=1600,
                batch=3,
                frames=19,
                noise=0.35,
                painter="s3p",
            ),
            "s6": UpscalerPhase(
                schedule=Schedule(steps=2000, rate=6e-3, warmup=50, cooldown=0.6), clips=900, batch=12, frames=7
            ),
            "s7": UpscalerPhase(
                schedule=Schedule(steps=1500, rate=6e-3, warmup=50, cooldown=0.6),
                clips=260,
                batch=20,
                frames=7,
                after="s6",
                patch=128,
                noise=0.08,
            ),
        },
        decoder="s5",
        painters=("s3", "s3p"),
        upscaler="s6",
        enlarger="s7",
    )


def cpu_more() -> Recipe:
    """The painter alone, from the shipped weights on: ``ozora train cpu-more --out runs/more``. Again as often as you
    like: what comes out goes into the package, and the next run begins there."""
    whole = cpu()
    cooling = whole.phases["s3"]
    assert isinstance(cooling, DiffusionPhase)
    return replace(
        whole,
        name="cpu-more",
        phases={
            "latents": LatentPhase(
                shelves=(
                    Stock(frames=1, clips=4096, first_seed=IMAGES),
                    Stock(frames=13, clips=2304, first_seed=SHORTS),
                    Stock(frames=49, clips=5056, first_seed=FULLS),
                    Stock(frames=49, clips=2048, first_seed=PASSING, passing=True),
                )
            ),
            "s3": replace(
                cooling,
                schedule=replace(cooling.schedule, steps=1080, rate=2.5e-3, warmup=20),
                after=FROM_SHIPPED,
                time_mean=1.1,
                lead_share=0.4,
                reading=32,
            ),
        },
        painters=("s3",),
        decoder=FROM_SHIPPED,
        upscaler=FROM_SHIPPED,
        enlarger=FROM_SHIPPED,
    )


def tiny() -> Recipe:
    """A minute: every phase once, at toy size."""
    whole = cpu()
    serving = (Serving(frames=1, batch=8, share=0.5), Serving(frames=13, batch=4, share=0.5))
    return replace(
        whole,
        name="tiny",
        painters=("s4",),
        shape=VideoShape(frames=13, height=64, width=96, fps=Fraction(12)),
        autoencoder=AutoencoderConfig(
            channels=24,
            motion=8,
            encoder_width=64,
            motion_width=64,
            decoder_widths=(16, 16, 32, 32),
            mover_widths=(32, 16, 16, 16, 16),
        ),
        transformer=TransformerConfig(channels=24, text_width=256, width=64, layers=2, heads=2, hidden=128),
        text_layers=1,
        phases={
            "s0": AutoencoderPhase(
                schedule=Schedule(steps=20, rate=2e-3, warmup=5), clips=16, batch=2, frames=7, encoder=MOTION
            ),
            "latents": LatentPhase(
                shelves=(Stock(frames=1, clips=32, first_seed=IMAGES), Stock(frames=13, clips=8, first_seed=SHORTS))
            ),
            "s1": DiffusionPhase(schedule=Schedule(steps=20, rate=3e-3, warmup=5), servings=serving),
            "s2": DiffusionPhase(schedule=Schedule(steps=20, rate=3e-3, warmup=5), servings=serving, after="s1"),
            "s4": DiffusionPhase(
                schedule=Schedule(steps=10, rate=1e-3, warmup=5), servings=serving, after="s2", guidance=3.0
            ),
            "s5": AutoencoderPhase(
                schedule=Schedule(steps=10, rate=2e-3, warmup=5), clips=16, batch=2, frames=7, painter="s4"
            ),
            "s6": UpscalerPhase(
                schedule=Schedule(steps=10, rate=2e-3, warmup=5),
                clips=8,
                batch=2,
                frames=7,
                config=UpscalerConfig(width=16, blocks=1),
            ),
            "s7": UpscalerPhase(
                schedule=Schedule(steps=10, rate=2e-3, warmup=5),
                clips=2,
                batch=2,
                frames=7,
                config=UpscalerConfig(width=16, blocks=1),
                after="s6",
                patch=32,
            ),
        },
        decoder="s5",
        upscaler="s6",
        guidance=1.0,
        lead_guidance=1.0,
    )


def gpu() -> Recipe:
    """One H100 or H200 for half an hour: the whole stage; every phase is one command under nine minutes."""
    whole = cpu()
    short = (Serving(frames=1, batch=512, share=0.5), Serving(frames=13, batch=192, share=0.5))
    full = (
        Serving(frames=1, batch=512, share=0.15),
        Serving(frames=13, batch=256, share=0.35),
        Serving(frames=49, batch=96, share=0.5),
    )
    return replace(
        whole,
        name="gpu",
        vocabulary=FULL,
        autoencoder=AutoencoderConfig(
            time=4,
            space=16,
            enlarge=1,
            channels=48,
            motion=16,
            decoder_widths=(96, 192, 320),
            mover_widths=(256, 96, 64, 48),
            blocks=2,
        ),
        transformer=TransformerConfig(channels=48, width=384, layers=12, heads=6, hidden=1024),
        text_layers=3,
        phases={
            "s0": AutoencoderPhase(
                schedule=Schedule(steps=6000, rate=2e-3),
                clips=8000,
                batch=32,
                frames=9,
                encoder=("patch_in", "look", *MOTION),
                minutes=5.0,
            ),
            "latents": LatentPhase(
                shelves=(
                    Stock(frames=1, clips=40_000, first_seed=IMAGES),
                    Stock(frames=13, clips=40_000, first_seed=SHORTS),
                    Stock(frames=49, clips=20_000, first_seed=FULLS),
                ),
                minutes=6.0,
            ),
            "s1": DiffusionPhase(
                schedule=Schedule(steps=6000, rate=3e-3, cooldown=0.0), servings=short, compiled=True, minutes=5.0
            ),
            "s2": DiffusionPhase(
                schedule=Schedule(steps=9000, rate=3e-3, cooldown=0.0),
                servings=full,
                after="s1",
                compiled=True,
                minutes=6.0,
            ),
            "s3": DiffusionPhase(
                schedule=Schedule(steps=2500, rate=3e-3, warmup=10, cooldown=1.0, floor=0.01),
                servings=full,
                after="s2",
                compiled=True,
                minutes=3.0,
            ),
            "s4": DiffusionPhase(
                schedule=Schedule(steps=800, rate=1e-3), servings=full, after="s3", guidance=2.0, minutes=2.0
            ),
            "s5": AutoencoderPhase(
                schedule=Schedule(steps=3000, rate=1e-3),
                clips=6000,
                batch=24,
                frames=13,
                noise=0.35,
                painter="s4",
                minutes=3.0,
            ),
            "s6": UpscalerPhase(
                schedule=Schedule(steps=6000, rate=4e-3, cooldown=0.5),
                clips=2000,
                batch=32,
                frames=9,
                config=UpscalerConfig(width=64, blocks=8),
                minutes=4.0,
            ),
            "s7": UpscalerPhase(
                schedule=Schedule(steps=4000, rate=4e-3, cooldown=0.5),
                clips=1000,
                batch=48,
                frames=9,
                config=UpscalerConfig(width=64, blocks=8),
                after="s6",
                patch=128,
                noise=0.08,
                minutes=4.0,
            ),
        },
        decoder="s5",
        upscaler="s6",
        painters=("s4",),
        guidance=1.0,
        lead_guidance=1.0,
    )


RECIPES: dict[str, Callable[[], Recipe]] = {"tiny": tiny, "cpu": cpu, "cpu-more": cpu_more, "gpu": gpu}


def find(name: str) -> Recipe:
    """The recipe of a name; ``UnknownNameError`` lists those that there are."""
    if name not in RECIPES:
        raise UnknownNameError(f"there is no recipe '{name}'; there are: {', '.join(RECIPES)}")
    return RECIPES[name]()
