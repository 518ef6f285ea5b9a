"""Products in 8 bits: unsigned activations about 128, signed weights with one scale a row, sums in 32 bits, by oneDNN.

The operators are those that PyTorch's own compiler calls (inductor, ``onednn.qlinear_pointwise`` and
``onednn.qconv2d_pointwise``). They are private: ``fast_engine`` tries them before it trusts them. Activations must be
unsigned: signed ones end in a reference kernel that takes a thousand times as long.

A layer's *step* says what one unit of an activation stands for in each input channel (measured once, SmoothQuant, Xiao
et al. 2022, arXiv 2211.10438). It is folded into the weights here, and into whatever makes the activations there.

Letters: ``n`` rows, ``i`` input and ``o`` output channels, ``h w`` rows and columns of pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

ZERO = 128
"""The activation that stands for 0."""
ROUNDED_ZERO = ZERO + 0.5
"""Added before cutting to whole numbers, so that cutting rounds."""
SWISH_LEAST = 0.2785
"""Swish is never below its negative."""


def has_int8_products() -> bool:
    """Tell whether the processor multiplies u8 by s8 without saturating: AVX-512 VNNI, or AMX."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # PyTorch 2.11 cannot tell
    return bool(capabilities.get("avx512_vnni") or capabilities.get("amx_int8"))


def to_u8(x: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """Cut activations to unsigned bytes; ``x`` is in steps, has ``ROUNDED_ZERO`` added, and is overwritten."""
    return x.clamp_(0, 255).to(torch.uint8)


def quantize_rows(weight: Float[Tensor, "o ..."]) -> tuple[Tensor, Float[Tensor, "o"]]:
    """Whole numbers from -127 to 127 and the scale of each row."""
    scale = (weight.flatten(1).abs().amax(1).clamp_min(1e-8) / 127).contiguous()
    whole = (weight / scale.view(-1, *[1] * (weight.ndim - 1))).round().to(torch.int8)
    return whole.contiguous(), scale


class Int8Linear:
    """A matrix without bias; it takes activations in steps (see ``to_u8``)."""

    def __init__(self, weight: Float[Tensor, "o i"]) -> None:
        """``weight`` has the steps of its input channels folded in."""
        whole, self.scale = quantize_rows(weight)
        self.zeros = torch.zeros(len(weight), dtype=torch.int)
        self.packed = torch.ops.onednn.qlinear_prepack(whole, None)

    def __call__(self, x: UInt8[Tensor, "n i"], dtype: torch.dtype) -> Float[Tensor, "n o"]:
        result: Tensor = torch.ops.onednn.qlinear_pointwise(
            *(x, 1.0, ZERO, self.packed, self.scale, self.zeros, None),  # input, weight, no bias
            *(1.0, 0, dtype, "none", [], ""),  # output, nothing after
        )
        return result


class Int8Conv:
    """A 3 x 3 convolution of bytes, padded by one pixel: to bytes after swish, or added onto a sum in bfloat16."""

    def __init__(
        self,
        weight: Float[Tensor, "o i 3 3"],
        bias: Float[Tensor, "o"],
        size: list[int],
        *,
        step: float = 1.0,
        zero: int = ZERO,
        step_out: float = 1.0,
        zero_out: int = 0,
    ) -> None:
        """``size`` is that of the input [n, i, h, w]; ``step`` and ``zero`` say what its bytes stand for."""
        whole, scale = quantize_rows(weight)
        self.form = ([1, 1], [1, 1], [1, 1], 1)  # stride, padding, dilation, groups
        packed = torch.ops.onednn.qconv_prepack(whole, scale, step, zero, *self.form, size)
        self.head = (step, zero, packed, scale, torch.zeros(len(weight), dtype=torch.int))
        self.bias, self.out = bias.float(), (step_out, zero_out)

    def swish(self, x: UInt8[Tensor, "n i h w"]) -> UInt8[Tensor, "n o h w"]:
        """Bytes after swish; ``step_out`` and ``zero_out`` say what they stand for."""
        result: Tensor = torch.ops.onednn.qconv2d_pointwise(
            *(x, *self.head, self.bias, *self.form, *self.out, torch.uint8, "swish", [], "")
        )
        return result

    def add_to(self, total: Tensor, x: UInt8[Tensor, "n i h w"]) -> Float[Tensor, "n o h w"]:
        """The sum with ``total`` [n, o, h, w] in bfloat16, which is overwritten."""
        result: Tensor = torch.ops.onednn.qconv2d_pointwise.binary(
            *(x, *self.head, total, self.bias, *self.form, 1.0, 0, torch.bfloat16),
            *(1.0, 0, "sum", 1.0, "none", [], ""),
        )
        return result


def split_range(weight: Float[Tensor, "o i 3 3"], largest: Float[Tensor, "i"]) -> Float[Tensor, "i"]:
    """The step of every input channel for inputs up to ``largest``; weights take half of the unevenness (alpha 0.5)."""
    smooth = (largest.clamp_min(1e-4) / weight.abs().amax((0, 2, 3)).clamp_min(1e-6)).sqrt()
    return smooth * (largest / smooth).max() / 127
