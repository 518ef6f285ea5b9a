"""A maquette so small that a test can make, save and run it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ozora.language.vocabulary import SMALL
from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.text import TextConfig
from ozora.model.transformer import TransformerConfig
from ozora.model.upscaler import UpscalerConfig
from ozora.model.weights import save_bundle

CONFIG = MaquetteConfig(
    autoencoder=AutoencoderConfig(
        channels=8,
        motion=3,
        encoder_width=32,
        motion_width=16,
        decoder_widths=(8, 8, 16, 16),
        mover_widths=(16, 8, 8, 8, 8),
    ),
    text=TextConfig(words=("a", "red", "ball", "blue", "cube"), length=8, width=32, layers=1, heads=2),
    transformer=TransformerConfig(channels=8, text_width=32, width=32, layers=2, heads=2, hidden=48),
    height=64,
    width=96,
    fps=12,
    frames=13,
)


def make(path: Path, *, upscaler: UpscalerConfig | None = None) -> Path:
    """Random weights at ``path``, the same every time."""
    torch.manual_seed(0)
    model = Maquette(replace(CONFIG, upscaler=upscaler))
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.05)
    card = {"name": "tiny", "vocabulary": SMALL.to_dict(), "steps": 3, "guidance": 2.0, "shift": 2.0}
    save_bundle(path, model, card)
    return path
