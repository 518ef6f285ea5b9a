"""The video autoencoder: pixels to latent tokens and back, without a KL term and without an adversary.

Encoder: pixels are folded into patches, then a few 2D convolutions, then ``time`` frames are joined into one latent
frame. The first latent frame is one image (the same weights see it repeated), so an image is a video of one frame, and
the encoding of a latent frame depends on its own frames only: it is causal. Decoder: 2D convolutions at latent size,
a linear map that grows time, then pixel shuffles (the shape of TAEHV, github.com/madebyollin/taehv; sizes are ours).
Latents are bounded by tanh and noise is added to them while the decoder trains (l-DeTok, arXiv 2507.15856).

Letters: ``b`` batch, ``f`` frames, ``g`` latent frames, ``h w`` rows and columns, ``c`` channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.shapes import Compression


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderConfig:
    """Sizes. ``space`` is a power of two; widths are those at 1/4, 1/8, 1/16 ... of the picture's size."""

    time: int = 6
    space: int = 32
    channels: int = 64
    encoder_widths: tuple[int, ...] = (32, 64, 128, 256)
    decoder_widths: tuple[int, ...] = (40, 80, 144, 256)
    blocks: int = 1

    @property
    def compression(self) -> Compression:
        return Compression(time=self.time, space=self.space, channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> AutoencoderConfig:
        return AutoencoderConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(norm x))), the second convolution starting at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.conv_out(F.silu(self.conv_in(self.norm(x))))
        return result


class Autoencoder(nn.Module):
    """Pixels in [-1, 1] to latents in about [-1, 1] and back."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        wide = config.encoder_widths
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(48, wide[0], 3, padding=1)]
        for width, wider in zip(wide, wide[1:], strict=False):
            layers += [ResidualBlock(width) for _ in range(config.blocks)]
            layers.append(nn.Conv2d(width, wider, 2, stride=2))
        layers += [ResidualBlock(wide[-1]) for _ in range(config.blocks)]
        self.encoder = nn.Sequential(*layers)
        self.join = nn.Linear(config.time * wide[-1], 2 * wide[-1])
        self.to_latent = nn.Linear(2 * wide[-1], config.channels)

        deep = config.decoder_widths
        self.from_latent = nn.Conv2d(config.channels, 2 * deep[-1], 3, padding=1)
        self.think = nn.Sequential(*[ResidualBlock(2 * deep[-1]) for _ in range(config.blocks + 1)])
        self.grow = nn.Conv2d(2 * deep[-1], config.time * deep[-1], 1)
        up: list[nn.Module] = []
        for wider, width in zip(deep[::-1], deep[-2::-1], strict=False):
            up += [ResidualBlock(wider) for _ in range(config.blocks)]
            up += [nn.Conv2d(wider, 4 * width, 1), nn.PixelShuffle(2)]
        up += [ResidualBlock(deep[0]) for _ in range(config.blocks)]
        up += [nn.Conv2d(deep[0], 48, 3, padding=1), nn.PixelShuffle(4)]
        self.decoder = nn.Sequential(*up)

    def encode(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """Latents of a video whose frames are 1 + time * n."""
        b, _, f, _, _ = video.shape
        time = self.config.time
        frames = self.encoder(video.transpose(1, 2).flatten(0, 1))
        features = frames.unflatten(0, (b, f)).permute(0, 1, 3, 4, 2)
        first = features[:, :1].repeat(1, time, 1, 1, 1)
        grouped = torch.cat([first, features[:, 1:]], dim=1).unflatten(1, (-1, time))
        joined = self.join(grouped.permute(0, 1, 3, 4, 2, 5).flatten(4))
        latent = torch.tanh(self.to_latent(F.silu(joined)))
        return latent.permute(0, 4, 1, 2, 3)

    def decode(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b c f h w"]:
        """Pixels of latents; the first latent frame gives one picture, each other ``time``."""
        b, _, g, _, _ = latent.shape
        time = self.config.time
        x = self.think(self.from_latent(latent.transpose(1, 2).flatten(0, 1)))
        x = self.grow(x).unflatten(1, (time, -1)).unflatten(0, (b, g))
        x = torch.cat([x[:, :1, -1:].flatten(1, 2), x[:, 1:].flatten(1, 2)], dim=1)
        frames = self.decoder(x.flatten(0, 1)).unflatten(0, (b, -1))
        return frames.transpose(1, 2)
