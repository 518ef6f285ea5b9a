"""The upscaler: decoded pictures at twice their size, sharper than they were. The enlarger is one more of its kind, for
finished pictures.

It works at half the picture's size (pixel unshuffle), so that it costs a tenth of the painting, and adds what it finds
to a bicubic enlargement (residual blocks without normalization, after EDSR, Lim et al. 2017, arXiv 1707.02921). It
starts as that enlargement.

Letters: ``b`` pictures, ``h w`` rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

FACTOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscalerConfig:
    """Sizes: features a place, and residual blocks."""

    width: int = 48
    blocks: int = 5

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> UpscalerConfig:
        return UpscalerConfig(**data)


class UpscalerBlock(nn.Module):
    """x + conv(silu(conv x)), the second convolution starting at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.conv_out(F.silu(self.conv_in(x)))
        return result


class Upscaler(nn.Module):
    """Pictures in [-1, 1] with even sides to pictures of twice the size."""

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.config = config
        self.read = nn.Conv2d(4 * 3, config.width, 3, padding=1)
        self.blocks = nn.Sequential(*[UpscalerBlock(config.width) for _ in range(config.blocks)])
        self.write = nn.Conv2d(config.width, 3 * (2 * FACTOR) ** 2, 3, padding=1)
        nn.init.zeros_(self.write.weight)
        assert self.write.bias is not None
        nn.init.zeros_(self.write.bias)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h2 w2"]:
        plain = F.interpolate(x, scale_factor=float(FACTOR), mode="bicubic", align_corners=False)
        fine = self.write(F.silu(self.blocks(self.read(F.pixel_unshuffle(x, 2)))))
        result: Tensor = plain + F.pixel_shuffle(fine, 2 * FACTOR)
        return result
