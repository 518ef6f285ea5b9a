"""Weights on disk: one safetensors file in 8 bits a number, and beside it a card in JSON with its hash.

A matrix or kernel is kept as whole numbers from -127 to 127 with one scale a row; vectors in half precision. The file
also holds the measured ranges of what flows between the layers, which products in 8 bits need (``ranges``).

The card is both what the code needs (sizes, vocabulary) and what a reader wants to know (data, compute, measured facts,
license). A file whose hash is not the card's is never loaded. Pickle is never read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ozora.errors import WeightsError
from ozora.model.maquette import Maquette, MaquetteConfig

SHIPPED = Path(__file__).parent.parent / "weights"
SMALLEST = 4096
"""Matrices of up to so many numbers stay in half precision."""
SCALE, RANGES = ".scale", "ranges."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A loaded model with its card; ``sha256`` is that of the weights file, ``ranges`` are for products in 8 bits."""

    model: Maquette
    card: dict[str, Any]
    sha256: str
    ranges: dict[str, Tensor] = field(default_factory=dict)


def save_bundle(path: Path, model: Maquette, card: dict[str, Any], *, ranges: dict[str, Tensor] | None = None) -> Path:
    """Write weights to ``path`` (.safetensors) and the card beside it (.json); returns the card's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {f"{RANGES}{name}": value.contiguous() for name, value in (ranges or {}).items()}
    save_file({**quantize(model.state_dict()), **kept}, path)
    full = {**card, "sha256": file_hash(path), "model": model.config.to_dict()}
    card_path = path.with_suffix(".json")
    card_path.write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n")
    return card_path


def quantize(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights in 8 bits with a scale a row; small ones and vectors in half precision."""
    result: dict[str, Tensor] = {}
    for name, value in weights.items():
        if value.ndim < 2 or value.numel() <= SMALLEST:
            result[name] = value.detach().to(torch.float16).contiguous()
            continue
        rows = value.detach().float().flatten(1)
        scale = rows.abs().amax(1).clamp_min(1e-8) / 127
        whole = (rows / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
        result[name], result[name + SCALE] = whole.view(value.shape).contiguous(), scale
    return result


def dequantize(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The way back, to float32."""
    result: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name.endswith(SCALE):
            continue
        result[name] = value.float()
        if name + SCALE in tensors:
            result[name] *= tensors[name + SCALE].view(-1, *[1] * (value.ndim - 1))
    return result


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
        tensors = load_file(path)
        ranges = {name.removeprefix(RANGES): tensors.pop(name) for name in list(tensors) if name.startswith(RANGES)}
        model.load_state_dict(dequantize(tensors))
    except (SafetensorError, KeyError, TypeError, RuntimeError, ValueError) as error:
        raise WeightsError(f"the weights {path} do not fit their card ({error}); install ozora again") from error
    for part in (model.autoencoder, model.enlarger):
        if part is not None:
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs
    return Bundle(model=model.eval().requires_grad_(False), card=card, sha256=digest, ranges=ranges)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
