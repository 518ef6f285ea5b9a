"""What the tests of the engines share: a tiny maquette with measured ranges, the golden values, distances."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.engine import Engine, Words
from ozora.model.int8 import has_int8_products
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.precision import quick_in_bfloat16
from ozora.model.text import TextConfig, tokenize
from ozora.model.transformer import TransformerConfig, positions
from ozora.model.weights import SHIPPED, Bundle, load_bundle
from ozora.train.ranges import measure_ranges

PROMPT = "a red ball"

in_bf16 = pytest.mark.skipif(
    not quick_in_bfloat16(torch.device("cpu")), reason="no bfloat16 products in this processor"
)
in_int8 = pytest.mark.skipif(not has_int8_products(), reason="no 8-bit products in this processor")


@cache
def shipped() -> Bundle:
    return load_bundle(SHIPPED / "maquette.safetensors")


@cache
def golden() -> dict[str, Tensor]:
    """Inputs and outputs of the networks as they were trained: see the golden tests."""
    return load_file(Path(__file__).parent / "golden.safetensors")


@cache
def tiny_model() -> Maquette:
    """All weights random: the zeros of a fresh network would hide most of what is tested."""
    config = MaquetteConfig(
        autoencoder=AutoencoderConfig(channels=8, width=32, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8, 8)),
        text=TextConfig(words=("a", "red", "ball"), length=8, width=32, layers=1, heads=2),
        transformer=TransformerConfig(channels=8, layout=112, text_width=32, width=64, layers=4, heads=2, hidden=64),
    )
    generator = torch.Generator().manual_seed(0)
    model = Maquette(config).eval().requires_grad_(False)
    for name, value in model.named_parameters():
        if value.ndim == 1 and "norm" in name:
            value.copy_(1 + 0.1 * torch.randn(value.shape, generator=generator))
        elif value.ndim == 1 or "table" in name:
            value.copy_(0.1 * torch.randn(value.shape, generator=generator))
        else:
            value.copy_(torch.randn(value.shape, generator=generator) / math.sqrt(value[0].numel()))
    model.latent_mean.copy_(0.1 * torch.randn(8, generator=generator))
    model.latent_std.copy_(1 + 0.1 * torch.randn(8, generator=generator))
    return model


def tiny_bundle() -> Bundle:
    return Bundle(model=tiny_model(), card={}, sha256="", ranges=tiny_ranges())


@cache
def tiny_ranges() -> dict[str, Tensor]:
    """Ranges as the shipped file has them, measured on small clips."""
    grids = ((2, 3), (8, 8), (4, 2))
    return measure_ranges(tiny_model(), (PROMPT, "a ball"), grids=grids, frames=3)


def make_clip(frames: int, rows: int, columns: int, *, references: int = 0, seed: int = 0) -> dict[str, Any]:
    """Inputs of the tiny denoiser: every frame at a level of its own, the first one given."""
    generator = torch.Generator().manual_seed(seed)
    place = positions(frames, rows, columns, seconds_a_frame=0.3, references=references)
    t = torch.rand(frames + references, generator=generator)
    t[0] = 0
    known = torch.zeros(len(place))
    known[: rows * columns] = 1
    x_t = torch.randn(len(place), 120, generator=generator)
    return {"x_t": x_t, "t": t, "layout_t": torch.tensor(0.3), "known": known, "place": place}


def clip_batch(clip: dict[str, Any], words: Words | None = None) -> tuple[Any, ...]:
    """The same as arguments of a ``Denoiser``."""
    first = [clip[name][None] for name in ("x_t", "t", "layout_t", "known")]
    return (*first, words or tokenize([PROMPT], tiny_model().config.text), clip["place"])


def make_latent(frames: int, rows: int, columns: int, *, seed: int = 0) -> Tensor:
    return torch.randn(8, frames, rows, columns, generator=torch.Generator().manual_seed(seed))


def off_by(value: Tensor, truth: Tensor) -> float:
    """The root mean square of the difference, over the deviation of the truth."""
    return float((value - truth).square().mean().sqrt() / truth.std())


def golden_error(engine: Engine) -> float:
    """How far an engine's denoiser is off the golden one."""
    g = golden()
    predict = engine.prepare((g["words"].long(), g["letters"].long()), g["place"])
    return off_by(predict(g["x"][0], g["t"][0], g["lead"][0], g["known"][0]), g["out"][0])


def golden_decibels(engine: Engine) -> float:
    """How near an engine's pictures are to the golden ones."""
    pictures = engine.decode(golden()["latent"].transpose(0, 1), 0, 3)[[3, 7, 11]]
    whole = pictures.add(1).mul(127.5).round().clamp(0, 255).permute(3, 0, 1, 2)
    return 10 * math.log10(255**2 / float((whole - golden()["pictures"][0].float()).square().mean()))
