"""A maquette so small that a test can make, save and run it."""

from __future__ import annotations

from pathlib import Path

import torch

from ozora.language.vocabulary import SMALL
from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.text import TextConfig
from ozora.model.transformer import TransformerConfig
from ozora.model.weights import save_bundle

CONFIG = MaquetteConfig(
    autoencoder=AutoencoderConfig(channels=8, width=16, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8, 8)),
    text=TextConfig(words=("a", "red", "ball", "blue", "cube"), length=8, width=32, layers=1, heads=2),
    transformer=TransformerConfig(channels=8, text_width=32, width=32, layers=3, heads=2, hidden=48),
    height=64,
    width=96,
    fps=12,
    frames=25,
)


def make(path: Path) -> Path:
    """Random weights at ``path``, the same every time."""
    torch.manual_seed(0)
    model = Maquette(CONFIG)
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.05)
    save_bundle(path, model, {"name": "tiny", "vocabulary": SMALL.to_dict(), "steps": 4})
    return path
