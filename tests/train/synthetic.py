"""Small phases on made-up clips: no renderer, no cache that takes time."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import COLORS, SMALL
from ozora.model.autoencoder import Autoencoder
from ozora.model.maquette import MaquetteConfig
from ozora.shapes import VideoShape
from ozora.train.autoencoding import Autoencoding, Pieces
from ozora.train.diffusion import Diffusion, Serving, latent_scale
from ozora.train.latents import to_dict
from ozora.train.optimizers import Schedule
from ozora.train.sharpening import Sharpener, Sharpening
from tests.model.tiny import CONFIG

SHAPE = VideoShape(frames=13, height=64, width=96, fps=Fraction(12))


def statement(color: str) -> Statement:
    """A thing of one color that stands."""
    return Statement(things=(Ref(noun="ball", color=color),), facts=(Fact(kind="exists", subject=0),))


def autoencoding(steps: int = 30, *, start: dict[str, Tensor] | None = None) -> Autoencoding:
    """Two moving bars are all there is to learn."""
    phase = Autoencoding(
        name="s0",
        config=CONFIG.autoencoder,
        shape=SHAPE,
        vocabulary=SMALL,
        schedule=Schedule(steps=steps, rate=5e-3, warmup=3),
        clips=4,
        batch=2,
        frames=9,
        start=start,
    )
    rgb = torch.full((4, 9, 64, 96, 3), 90, dtype=torch.uint8)
    cover = torch.zeros(4, 9, 64, 96, dtype=torch.uint8)
    for clip in range(4):
        for frame in range(9):
            x = 8 * clip + 4 * frame
            rgb[clip, frame, 20:40, x : x + 16] = torch.tensor([200, 40 * clip, 30], dtype=torch.uint8)
            cover[clip, frame, 20:40, x : x + 16] = 255
    phase._pieces = Pieces(rgb=rgb, cover=cover)
    return phase


def sharpener(steps: int, **changes: Any) -> Sharpener:
    """Pieces of noise that stands or moves, of which latents can keep next to nothing."""
    config = Sharpening(
        schedule=Schedule(steps=steps, rate=3e-3, warmup=3, cooldown=0.3),
        clips=12,
        batch=3,
        tested=3,
        width=8,
        **{"alone": 10, "ramp": 10, **changes},
    )
    rng = torch.Generator().manual_seed(0)
    rgb = torch.randint(60, 200, (12, 1, 64, 96, 3), generator=rng).expand(-1, 9, -1, -1, -1).clone()
    for clip in range(12):
        for frame in range(9):
            rgb[clip, frame] = rgb[clip, 0].roll(frame * (clip % 3), dims=1)
    torch.manual_seed(0)
    autoencoder = Autoencoder(CONFIG.autoencoder)
    with torch.no_grad():  # orthogonal for principal components, which take seconds
        nn.init.orthogonal_(autoencoder.components_in.weight)
        autoencoder.components_out.weight.copy_(autoencoder.components_in.weight.T)
    phase = Sharpener(
        name="sharpen",
        phase=config,
        config=CONFIG.autoencoder,
        shape=SHAPE,
        vocabulary=SMALL,
        start=autoencoder.state_dict(),
    )
    phase._material = phase._encoded(rgb.to(torch.uint8))
    return phase


def write_shelf(folder: Path, config: MaquetteConfig = CONFIG) -> Path:
    """Red clips are positive, blue ones negative; one shard for each of two lengths."""
    folder.mkdir(parents=True, exist_ok=True)
    k, colors = config.autoencoder.channels, ["red", "blue"] * 4
    for frames, g in ((1, 1), (13, 3)):
        sign = torch.tensor([1.0 if color == "red" else -1.0 for color in colors])
        latent = sign[:, None, None, None, None] * torch.linspace(0.5, 1.5, k)[None, :, None, None, None]
        latent = latent.expand(-1, -1, g, 2, 3) + 0.1 * torch.randn(
            8, k, g, 2, 3, generator=torch.Generator().manual_seed(1)
        )
        things = torch.full((8, g, 2, 3), 128, dtype=torch.uint8)
        hue = torch.tensor([list(COLORS).index(color) + 1 for color in colors])[:, None, None, None].expand(8, g, 4, 6)
        names = torch.stack([torch.ones_like(hue), hue], dim=1).to(torch.uint8)
        said = json.dumps([to_dict(statement(color)) for color in colors])
        save_file(
            {
                "latent": latent.half().contiguous(),
                "things": things,
                "names": names,
                "share": torch.full((8, g, 4, 6), 255, dtype=torch.uint8),
                "drift": torch.zeros(8, 2, g, 4, 6, dtype=torch.float16),
                "facing": torch.zeros(8, 2, g, 4, 6, dtype=torch.float16),
            },
            folder / f"f{frames}-0.safetensors",
            {"statements": said},
        )
    return folder


def diffusion(folder: Path, steps: int = 40) -> Diffusion:
    """The tiny denoiser on the shelf above."""
    return Diffusion(
        name="s1",
        config=CONFIG,
        schedule=Schedule(steps=steps, rate=1e-2, warmup=3),
        latents=folder,
        servings=(Serving(frames=1, batch=8, share=0.5), Serving(frames=13, batch=4, share=0.5)),
        scale=latent_scale(folder, 13),
    )
