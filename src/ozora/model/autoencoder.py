"""The video autoencoder: pixels to latent tokens and back, without a KL term and without an adversary.

Encoder: a linear map of each patch, then ``time`` frames of a patch are joined into one token by a linear map with a
small MLP beside it. The first latent frame is one image (seen as if repeated), so an image is a video of one frame, and
a latent frame depends on its own frames only: it is causal. Decoder: the same two linear maps backwards, plus 2D
convolutions that grow time and then space by pixel shuffles (the shape of TAEHV, github.com/madebyollin/taehv; sizes
are ours) and say what a linear map cannot.

The linear maps start as the principal components of the corpus (``start_from``): in closed form, what gradient descent
on two cores had not found after eleven minutes (EXPERIMENTS.md). Everything nonlinear starts at zero.

Letters: ``b`` batch, ``f`` frames, ``g`` latent frames, ``h w`` rows and columns, ``c`` colors; ``k`` channels and
``i j`` rows and columns of tokens.
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
    """Sizes. ``space`` is pixels a token side in the decoder's picture, a power of two; ``decoder_widths`` are those at
    1/4, 1/8 ... 1/``space`` of it. The encoder sees the picture at 1/``enlarge`` of its size; the decoder adds detail.
    """

    time: int = 6
    space: int = 32
    channels: int = 64
    encoder_width: int = 256
    decoder_widths: tuple[int, ...] = (48, 96, 160, 256)
    blocks: int = 1
    enlarge: int = 2

    @property
    def compression(self) -> Compression:
        return Compression(time=self.time, space=self.space, channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> AutoencoderConfig:
        return AutoencoderConfig(**{**data, "decoder_widths": tuple(data["decoder_widths"])})


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
    """Pixels in [-1, 1] to latents of about unit deviation and back."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.patch = config.space // config.enlarge
        patch, wide, stack = 3 * self.patch**2, config.encoder_width, config.time * config.encoder_width
        self.patch_in = nn.Linear(patch, wide)
        self.join = nn.Linear(stack, config.channels)
        self.join_up, self.join_down = nn.Linear(stack, 512), nn.Linear(512, config.channels)
        nn.init.zeros_(self.join_down.weight)

        deep = config.decoder_widths
        self.part = nn.Linear(config.channels, stack)
        self.patch_out = nn.Linear(wide, patch)
        self.from_latent = nn.Conv2d(config.channels, deep[-1], 3, padding=1)
        self.think = nn.Sequential(*[ResidualBlock(deep[-1]) for _ in range(config.blocks + 1)])
        self.grow = nn.Conv2d(deep[-1], config.time * deep[-1], 1)
        up: list[nn.Module] = []
        for wider, width in zip(deep[::-1], deep[-2::-1], strict=False):
            up += [ResidualBlock(wider) for _ in range(config.blocks)]
            up += [nn.Conv2d(wider, 4 * width, 1), nn.PixelShuffle(2)]
        up += [ResidualBlock(deep[0]) for _ in range(config.blocks)]
        self.body = nn.Sequential(*up)
        self.to_pixels = _to_pixels(deep[0])

    @torch.no_grad()
    def start_from(self, video: Float[Tensor, "b c f h w"]) -> None:
        """Set the linear maps to the principal components of a sample of the corpus."""
        wide = self.config.encoder_width
        patches = self._patches(F.avg_pool3d(video, (1, self.config.enlarge, self.config.enlarge)))
        flat = patches.flatten(0, 3)
        mean = flat.mean(0)
        axes = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat)).eigenvectors.flip(-1)[:, :wide]
        self.patch_in.weight.copy_(axes.T)
        self.patch_in.bias.copy_(-mean @ axes)
        self.patch_out.weight.copy_(axes)
        self.patch_out.bias.copy_(mean)
        stack = self._stack(self.patch_in(patches)).flatten(0, 3)
        center = stack.mean(0)
        power, joint = torch.linalg.eigh((stack - center).T @ (stack - center) / len(stack))
        joint, size = joint.flip(-1)[:, : self.config.channels], power.flip(-1)[: self.config.channels].sqrt()
        self.join.weight.copy_((joint / size).T)
        self.join.bias.copy_(-center @ (joint / size))
        self.part.weight.copy_(joint * size)
        self.part.bias.copy_(center)

    def importance(self) -> Float[Tensor, "k"]:
        """How much of the picture each channel carries: its deviation before it was brought to one."""
        result: Tensor = 1 / self.join.weight.detach().norm(dim=1)
        return result

    def encoder_parameters(self) -> list[nn.Parameter]:
        """What decides the latents; frozen once they are cached."""
        modules = (self.patch_in, self.join, self.join_up, self.join_down)
        return [value for module in modules for value in module.parameters()]

    def encode(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """Latents of a video whose frames are 1 + time * n."""
        small = F.avg_pool3d(video, (1, self.config.enlarge, self.config.enlarge)) if self.config.enlarge > 1 else video
        return self.encode_small(small)

    def encode_small(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """The same for a video that is already of the encoder's size."""
        stack = self._stack(self.patch_in(self._patches(video)))
        latent: Tensor = self.join(stack) + self.join_down(F.silu(self.join_up(0.5 * stack)))
        return latent.permute(0, 4, 1, 2, 3)

    def decode(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b c f h w"]:
        """Pixels of latents; the first latent frame gives one picture, each other ``time``."""
        b = latent.shape[0]
        tokens = latent.permute(0, 2, 3, 4, 1)
        parts = self.part(tokens).unflatten(-1, (self.config.time, -1)).permute(0, 1, 4, 2, 3, 5)
        plain = self.patch_out(_frames(parts)).permute(0, 3, 1, 2)
        coarse = F.pixel_shuffle(plain, self.patch)
        x = self.think(self.from_latent(latent.transpose(1, 2).flatten(0, 1)))
        x = self.grow(x).unflatten(1, (self.config.time, -1)).unflatten(0, (b, -1))
        fine = self.to_pixels(self.body(_frames(x)))
        if self.config.enlarge > 1:
            coarse = F.interpolate(coarse, scale_factor=float(self.config.enlarge), mode="bilinear")
        result: Tensor = (coarse + fine).unflatten(0, (b, -1)).transpose(1, 2)
        return result

    def _patches(self, video: Tensor) -> Tensor:
        """[b, f, i, j, patch]"""
        b = video.shape[0]
        folded = F.pixel_unshuffle(video.transpose(1, 2).flatten(0, 1), self.patch)
        return folded.view(b, -1, *folded.shape[1:]).permute(0, 1, 3, 4, 2)

    def _stack(self, features: Tensor) -> Tensor:
        """[b, f, i, j, e] to [b, g, i, j, time * e]; the first frame is repeated."""
        time = self.config.time
        first = features[:, :1].repeat(1, time, 1, 1, 1)
        both = torch.cat([first, features[:, 1:]], dim=1)
        grouped = both.view(both.shape[0], -1, time, *both.shape[2:])
        return grouped.permute(0, 1, 3, 4, 2, 5).flatten(4)


def _frames(parts: Tensor) -> Tensor:
    """[b, g, time, ...] to [b f, ...]: of the first group only its last frame is meant."""
    return torch.cat([parts[:, :1, -1:].flatten(1, 2), parts[:, 1:].flatten(1, 2)], dim=1).flatten(0, 1)


def _to_pixels(width: int) -> nn.Sequential:
    """From features at a quarter of the picture's size to pixels, starting at zero."""
    last = nn.Conv2d(width, 48, 3, padding=1)
    assert last.bias is not None
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(ResidualBlock(width), last, nn.PixelShuffle(4))
