"""The video autoencoder: pixels to latent tokens and back, without a KL term and without an adversary.

A token stands for 32 x 32 pixels of 4 frames, seen at half their size. A linear path, the principal components of
such patches in closed form (``start_from``), carries most of the picture from the first training step on. The
convolutions beside it start at zero and learn the rest: context, movement within a token, edges at full size.

The first latent frame is one image, seen as if repeated, so an image is a video of one frame. A latent frame is encoded
from its own frames only. Its four pictures are decoded from three latent frames: its own, the one before and the one
after, with zeros where there is none.

Letters: ``b`` batch, ``f`` frames, ``g`` latent frames, ``h w`` rows and columns of pixels; ``k`` channels and ``i j``
rows and columns of tokens; ``p`` numbers of a patch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.shapes import Compression

TIME, SPACE, ENLARGE = 4, 32, 2
"""Frames and pixels of a token, and how much larger its pictures come out than the encoder sees them."""
PATCH = SPACE // ENLARGE


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderConfig:
    """Widths. ``encoder_widths`` are those at 1/4, 1/8 and 1/16 of the picture that is seen, ``decoder_widths`` those
    at 1/4, 1/8, 1/16 and 1/32 of the picture that is made; ``width`` is that of the tokens."""

    channels: int = 128
    width: int = 320
    encoder_widths: tuple[int, int, int] = (96, 160, 256)
    decoder_widths: tuple[int, int, int, int] = (64, 96, 160, 256)

    @property
    def compression(self) -> Compression:
        return Compression(time=TIME, space=SPACE, channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> AutoencoderConfig:
        widths: dict[str, Any] = {name: tuple(data[name]) for name in ("encoder_widths", "decoder_widths")}
        return AutoencoderConfig(**{**data, **widths})


class ChannelNorm(nn.Module):
    """RMSNorm over the channels of every pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        last = x.permute(0, 2, 3, 1)
        normed: Tensor = F.rms_norm(last, last.shape[-1:], self.weight.to(last.dtype), 1e-6)
        return normed.permute(0, 3, 1, 2)


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(norm x))), the second convolution starting at zero."""

    def __init__(self, width: int, *, normed: bool = True) -> None:
        super().__init__()
        self.norm = ChannelNorm(width) if normed else nn.Identity()
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.conv_out = _zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.conv_out(F.silu(self.conv_in(self.norm(x))))
        return result


class Encoder(nn.Module):
    """What the convolutions add to the linear path on the way in: each frame to 1/16 of its size, then four as one."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        quarter, eighth, sixteenth = config.encoder_widths
        self.frame = nn.Sequential(
            *(nn.PixelUnshuffle(4), nn.Conv2d(48, quarter, 3, padding=1)),
            *(ResidualBlock(quarter, normed=False), ResidualBlock(quarter, normed=False)),
            *(nn.PixelUnshuffle(2), nn.Conv2d(4 * quarter, eighth, 1)),
            *(ResidualBlock(eighth), ResidualBlock(eighth)),
            *(nn.PixelUnshuffle(2), nn.Conv2d(4 * eighth, sixteenth, 1)),
        )
        self.group = nn.Sequential(
            nn.Conv2d(TIME * sixteenth, config.width, 1),
            *(ResidualBlock(config.width), ResidualBlock(config.width), ChannelNorm(config.width)),
        )
        self.out = _zeroed(nn.Conv2d(config.width, config.channels, 1))

    def forward(self, groups: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n k i j"]:
        frames = self.frame(groups.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last))
        result: Tensor = self.out(self.group(frames.reshape(len(groups), -1, *frames.shape[2:])))
        return result


class Decoder(nn.Module):
    """What the convolutions add to the linear path on the way out: three latent frames to four pictures."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        quarter, eighth, sixteenth, coarsest = config.decoder_widths
        self.read = nn.Conv2d(3 * config.channels, config.width, 3, padding=1)
        self.tokens = nn.Sequential(*[ResidualBlock(config.width) for _ in range(3)], ChannelNorm(config.width))
        self.split = nn.Conv2d(config.width, TIME * coarsest, 1)
        self.at_32 = ResidualBlock(coarsest)
        self.to_16 = _grow(coarsest, sixteenth)
        self.mix = _zeroed(nn.Conv2d(TIME * sixteenth, TIME * sixteenth, 1))
        self.at_16 = nn.Sequential(ResidualBlock(sixteenth), ResidualBlock(sixteenth))
        self.to_8 = _grow(sixteenth, eighth)
        self.at_8 = nn.Sequential(ResidualBlock(eighth), ResidualBlock(eighth))
        self.to_4 = _grow(eighth, quarter)
        self.at_4 = ResidualBlock(quarter)
        self.out = _zeroed(nn.Conv2d(quarter, 48, 3, padding=1))

    def forward(self, threes: Float[Tensor, "n k3 i j"]) -> Float[Tensor, "m 3 h w"]:
        """Pictures [n times ``TIME``], each a detail of the linear path's picture at twice its size."""
        n, _, i, j = threes.shape
        x = self.split(self.tokens(self.read(threes.contiguous(memory_format=torch.channels_last))))
        x = x.reshape(n * TIME, -1, i, j).contiguous(memory_format=torch.channels_last)
        x = self.to_16(self.at_32(x))
        x = x + self.mix(x.reshape(n, -1, *x.shape[2:])).reshape(x.shape)
        x = self.at_4(self.to_4(self.at_8(self.to_8(self.at_16(x)))))
        return F.pixel_shuffle(self.out(x), 4)


class Autoencoder(nn.Module):
    """Pixels in [-1, 1] to latents and back."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        patch = 3 * PATCH**2 * TIME
        self.components_in = nn.Linear(patch, config.channels)
        self.components_out = nn.Linear(config.channels, patch)
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    @torch.no_grad()
    def start_from(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "k"]:
        """Set the linear path to the principal components of a sample of the corpus, half-way to white: a channel of
        deviation s keeps the square root of s. Returns the deviations of the components."""
        small = F.avg_pool3d(video, (1, ENLARGE, ENLARGE))
        flat = _patches(_groups(small).flatten(0, 1)).flatten(0, 2)
        mean = flat.mean(0)
        power, axes = torch.linalg.eigh(((flat - mean).T @ (flat - mean) / len(flat)).double())
        axes = axes.flip(-1)[:, : self.config.channels].float()
        size: Tensor = power.flip(-1)[: self.config.channels].clamp_min(1e-8).sqrt().float()
        self.components_in.weight.copy_((axes / size.sqrt()).T)
        self.components_in.bias.copy_(-mean @ (axes / size.sqrt()))
        self.components_out.weight.copy_(axes * size.sqrt())
        self.components_out.bias.copy_(mean)
        return size

    def encode(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """Latents of a video whose frames are 1 + ``TIME`` * n, and whose sides divide by ``SPACE``."""
        return self.encode_small(F.avg_pool3d(video, (1, ENLARGE, ENLARGE)))

    def encode_small(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """The same for a video that is already of the size that the encoder sees."""
        groups = _groups(video)
        latent: Tensor = self.encode_groups(groups.flatten(0, 1))
        return latent.reshape(*groups.shape[:2], *latent.shape[1:]).transpose(1, 2)

    def encode_groups(self, groups: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n k i j"]:
        """Latents of groups of ``TIME`` frames, each for itself."""
        result: Tensor = self.components_in(_patches(groups)).permute(0, 3, 1, 2) + self.encoder(groups)
        return result

    def decode(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b c f h w"]:
        """Pixels of latents; the first latent frame gives one picture, each other ``TIME``."""
        pictures = self.decode_groups(latent.transpose(1, 2))
        return torch.cat([pictures[:, 0, -1:], pictures[:, 1:].flatten(1, 2)], dim=1).transpose(1, 2)

    def decode_groups(self, latent: Float[Tensor, "b g k i j"]) -> Float[Tensor, "b g t c h w"]:
        """All ``TIME`` pictures of every latent frame."""
        b, g = latent.shape[:2]
        fine = self.decoder(threes(latent).flatten(0, 1))
        coarse = _pictures(self.components_out(latent.flatten(0, 1).permute(0, 2, 3, 1)))
        coarse = F.interpolate(coarse.to(fine.dtype), scale_factor=float(ENLARGE), mode="bilinear")
        pictures: Tensor = (coarse + fine).reshape(b, g, TIME, *fine.shape[1:])
        return pictures


def threes(latent: Float[Tensor, "b g k i j"]) -> Float[Tensor, "b g k3 i j"]:
    """Every latent frame between the one before it and the one after it; zeros where there is none."""
    none = torch.zeros_like(latent[:, :1])
    return torch.cat([torch.cat([none, latent[:, :-1]], 1), latent, torch.cat([latent[:, 1:], none], 1)], dim=2)


def _groups(video: Float[Tensor, "b 3 f h w"]) -> Float[Tensor, "b g 3 t h w"]:
    """Groups of ``TIME`` frames; the first frame is repeated."""
    first = video[:, :, :1].expand(-1, -1, TIME, -1, -1)
    whole = torch.cat([first, video[:, :, 1:]], dim=2)
    b, c, f, h, w = whole.shape
    return whole.reshape(b, c, f // TIME, TIME, h, w).transpose(1, 2)


def _patches(groups: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n i j p"]:
    n, c, t, h, w = groups.shape
    folded = groups.reshape(n, c, t, h // PATCH, PATCH, w // PATCH, PATCH)
    return folded.permute(0, 3, 5, 1, 2, 4, 6).flatten(3)


def _pictures(patches: Float[Tensor, "n i j p"]) -> Float[Tensor, "m 3 h w"]:
    n, i, j, _ = patches.shape
    folded = patches.reshape(n, i, j, 3, TIME, PATCH, PATCH).permute(0, 4, 3, 1, 5, 2, 6)
    return folded.reshape(n * TIME, 3, i * PATCH, j * PATCH)


def _grow(width: int, narrower: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, 4 * narrower, 1), nn.PixelShuffle(2))


def _zeroed(conv: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
