"""Weights on disk: one safetensors file in half precision, and beside it a card in JSON with its hash.

The card is both what the code needs (sizes, vocabulary) and what a reader wants to know (data, compute, measured facts,
license). A file whose hash is not the card's is never loaded. Pickle is never read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ozora.errors import WeightsError
from ozora.model.maquette import Maquette, MaquetteConfig

SHIPPED = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A loaded model with its card; ``sha256`` is that of the weights file."""

    model: Maquette
    card: dict[str, Any]
    sha256: str


def save_bundle(path: Path, model: Maquette, card: dict[str, Any]) -> Path:
    """Write weights to ``path`` (.safetensors) and the card beside it (.json); returns the card's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, path)
    full = {**card, "sha256": file_hash(path), "model": model.config.to_dict()}
    card_path = path.with_suffix(".json")
    card_path.write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n")
    return card_path


def read_card(path: Path) -> dict[str, Any]:
    """The card of a weights file; ``WeightsError`` when it is missing or damaged."""
    try:
        card: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError) as error:
        message = f"the model card {path.with_suffix('.json')} is missing or damaged; install ozora again"
        raise WeightsError(message) from error
    return card


def load_bundle(path: Path) -> Bundle:
    """The model of a weights file, in float32, ready to paint; ``WeightsError`` when it is missing or damaged."""
    card = read_card(path)
    if not path.is_file():
        raise WeightsError(f"the weights {path} are missing; install ozora again or train them with `ozora train`")
    digest = file_hash(path)
    if digest != card.get("sha256"):
        raise WeightsError(f"the weights {path} are damaged (their hash is not the card's); install ozora again")
    try:
        model = Maquette(MaquetteConfig.from_dict(card["model"]))
        model.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (SafetensorError, KeyError, TypeError, RuntimeError, ValueError) as error:
        raise WeightsError(f"the weights {path} do not fit their card ({error}); install ozora again") from error
    for part in (model.autoencoder, model.upscaler, model.enlarger):
        if part is not None:
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs
    return Bundle(model=model.eval().requires_grad_(False), card=card, sha256=digest)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
