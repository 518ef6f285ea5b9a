"""Weights that are there already, as finished phases: what a training goes on from.

Phases that come after name these parts as they name a phase: ``after="begin-denoiser"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ozora.model.weights import SHIPPED, load_bundle
from ozora.train import checkpoint

BEGIN_AUTOENCODER, BEGIN_DENOISER = "begin-autoencoder", "begin-denoiser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Takes a bundle apart; the default is the shipped one."""

    weights: Path = SHIPPED / "maquette.safetensors"


def take_apart(phase: Beginning, out: Path) -> None:
    """Write autoencoder and denoiser of a bundle to ``out``, where they are not yet; ``WeightsError`` when it is
    missing or damaged."""
    if all(checkpoint.newest(out / name) for name in (BEGIN_AUTOENCODER, BEGIN_DENOISER)):
        return
    bundle = load_bundle(phase.weights)
    model = bundle.model
    origin = {"weights": bundle.sha256}
    _write(out, BEGIN_AUTOENCODER, model.autoencoder, {"config": model.config.autoencoder.to_dict(), **origin})
    scale = [model.latent_mean.tolist(), model.latent_std.tolist()]
    _write(out, BEGIN_DENOISER, model.denoiser, {"config": model.config.to_dict(), "scale": scale, **origin})


def _write(out: Path, name: str, part: nn.Module, facts: dict[str, Any]) -> None:
    tensors = {f"ema.{key}": value for key, value in part.state_dict().items()}
    checkpoint.save(out / name, 0, tensors, {"phase": {"name": name, **facts}})
