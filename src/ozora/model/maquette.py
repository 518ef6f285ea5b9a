"""Maquette: the text encoder and the transformer as one network, and all parts as one bundle.

Letters as in ``transformer.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.model.text import TextConfig, TextEncoder
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.model.upscaler import Upscaler, UpscalerConfig


class Denoiser(nn.Module):
    """Text indices and noisy latent tokens to data."""

    def __init__(self, text: TextConfig, transformer: TransformerConfig) -> None:
        super().__init__()
        self.text = TextEncoder(text)
        self.transformer = Transformer(transformer)

    def forward(
        self,
        x_t: Float[Tensor, "b n k"],
        t: Float[Tensor, "b l"],
        layout_t: Float[Tensor, "b"],
        known: Float[Tensor, "b n"],
        words: tuple[Int[Tensor, "b m"], Int[Tensor, "b m e"]],
        place: Float[Tensor, "n 3"],
    ) -> Float[Tensor, "b n k"]:
        result: Tensor = self.transformer(x_t, t, layout_t, known, self.text(*words), place)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class MaquetteConfig:
    """Sizes of the parts, and the clip that the model was trained on; there may be no enlarger."""

    autoencoder: AutoencoderConfig
    text: TextConfig
    transformer: TransformerConfig
    enlarger: UpscalerConfig | None = None
    height: int = 256
    width: int = 448
    fps: int = 12
    frames: int = 49

    def to_dict(self) -> dict[str, Any]:
        names = ("autoencoder", "text", "transformer", *(("enlarger",) if self.enlarger else ()))
        parts = {name: getattr(self, name).to_dict() for name in names}
        return {**parts, **{name: getattr(self, name) for name in ("height", "width", "fps", "frames")}}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> MaquetteConfig:
        return MaquetteConfig(
            autoencoder=AutoencoderConfig.from_dict(data["autoencoder"]),
            text=TextConfig.from_dict(data["text"]),
            transformer=TransformerConfig.from_dict(data["transformer"]),
            enlarger=UpscalerConfig.from_dict(data["enlarger"]) if "enlarger" in data else None,
            **{name: int(data[name]) for name in ("height", "width", "fps", "frames")},
        )


class Maquette(nn.Module):
    """Autoencoder, denoiser, and the mean and deviation of each latent channel over the corpus; perhaps an ``enlarger``
    of finished pictures."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: MaquetteConfig) -> None:
        super().__init__()
        self.config = config
        self.autoencoder = Autoencoder(config.autoencoder)
        self.denoiser = Denoiser(config.text, config.transformer)
        self.enlarger = None if config.enlarger is None else Upscaler(config.enlarger)
        self.register_buffer("latent_mean", torch.zeros(config.autoencoder.channels))
        self.register_buffer("latent_std", torch.ones(config.autoencoder.channels))

    def normalize(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b k g i j"]:
        """Latents of the autoencoder to the unit scale that the transformer paints in."""
        return (latent - self.latent_mean[:, None, None, None]) / self.latent_std[:, None, None, None]

    def denormalize(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b k g i j"]:
        """The way back."""
        return latent * self.latent_std[:, None, None, None] + self.latent_mean[:, None, None, None]
