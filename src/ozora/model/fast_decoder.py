"""The decoder on a CPU with bfloat16: the pictures of ``autoencoder.Autoencoder`` in half to two thirds of its time.

What is different, and why (measured in EXPERIMENTS.md):

- Kernels are packed once for the size of their input, with swish or the sum of a residual block inside (oneDNN, by
  PyTorch's private ``mkldnn._convolution_pointwise``). Norm weights are folded into the kernel after the norm.
- Latent frames are decoded one at a time: as fast as many, least memory, and the first pictures come soon.
- Rows of kernels before a pixel shuffle are in the order (r, r, c), so that shuffling copies whole pixels.
- The linear path is one matrix whose result lies as 12 channels at an eighth of the size; "twice as large, bilinear" is
  a fixed 3 x 3 kernel on them, summed into the last convolution.
- The nine residual blocks may be in 8 bits (``int8``), with bytes between their two convolutions.

Letters: ``g`` latent frames, ``i j`` rows and columns of tokens, ``c`` channels, ``f`` frames, ``h w`` rows and columns
of pixels, ``n`` pictures at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
from jaxtyping import BFloat16, Float, Float32
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.autoencoder import PATCH, SPACE, TIME, Autoencoder, ResidualBlock
from ozora.model.int8 import ROUNDED_ZERO, SWISH_LEAST, Int8Conv, split_range, to_u8
from ozora.model.maquette import Maquette

BF16 = torch.bfloat16
EPSILON = 1e-6
KEPT_SIZES = 4
"""Sizes of pictures that kernels are kept for."""
MARGIN = 1.05
"""Room above the largest activation that was measured."""
EIGHTH, BLOCK = 8, 2
"""Coarse pictures are kept as blocks of 2 x 2 pixels at an eighth of the size."""


class PackedConv:
    """A convolution in bfloat16 whose kernel is packed for one size of input [n, c, h, w], channels last."""

    def __init__(self, weight: Tensor, bias: Tensor | None, size: list[int], *, padded: bool = True) -> None:
        padding = weight.shape[-1] // 2 if padded else 0
        self.form = ([padding, padding], [1, 1], [1, 1], 1)  # padding, stride, dilation, groups
        last = weight.to(BF16).contiguous(memory_format=torch.channels_last)
        self.weight = torch.ops.mkldnn._reorder_convolution_weight(last, *self.form, size)
        self.bias = None if bias is None else bias.to(BF16)

    def __call__(self, x: BFloat16[Tensor, "n c h w"], after: str = "none") -> BFloat16[Tensor, "n d h w"]:
        """``after`` is "none" or "swish"."""
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            *(x, self.weight, self.bias, *self.form, after, [], "")
        )
        return result

    def add_to(self, total: BFloat16[Tensor, "n d h w"], x: BFloat16[Tensor, "n c y x"]) -> BFloat16[Tensor, "n d h w"]:
        """``total``, overwritten with the sum."""
        result: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
            *(total, x, self.weight, self.bias, *self.form, "add", None, None, [], None)
        )
        return result


def _inverse_length(x: BFloat16[Tensor, "n h w c"]) -> Float32[Tensor, "n h w 1"]:
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return length.square_().mul_(1 / x.shape[-1]).add_(EPSILON).rsqrt_()


def normed(x: BFloat16[Tensor, "n c h w"]) -> BFloat16[Tensor, "n c h w"]:
    """RMSNorm over channels; its weight is in the kernel after it."""
    last = x.permute(0, 2, 3, 1)
    return (last * _inverse_length(last).to(BF16)).permute(0, 3, 1, 2)


def normed_bytes(x: BFloat16[Tensor, "n c h w"], unit: Float[Tensor, "c"]) -> Tensor:
    """The same in bytes about 128; ``unit`` is 1 / step of every channel."""
    last = x.permute(0, 2, 3, 1)
    return to_u8((last * unit).mul_(_inverse_length(last)).add_(ROUNDED_ZERO)).permute(0, 3, 1, 2)


def _after_norm(weight: Tensor, norm: nn.Module) -> Tensor:
    """A kernel with the weight of the norm before it folded in."""
    scale: Tensor = norm.get_parameter("weight").detach()
    return weight.detach() * scale[:, None, None]


class Bf16ResidualBlock:
    """x + conv(swish(conv(norm x))), added to x in place."""

    def __init__(self, block: ResidualBlock, size: list[int]) -> None:
        first = _after_norm(block.conv_in.weight, block.norm)
        self.conv_in = PackedConv(first, _bias(block.conv_in), size)
        self.conv_out = PackedConv(block.conv_out.weight.detach(), _bias(block.conv_out), size)

    def __call__(self, x: BFloat16[Tensor, "n c h w"]) -> BFloat16[Tensor, "n c h w"]:
        return self.conv_out.add_to(x, self.conv_in(normed(x), "swish"))


class Int8ResidualBlock:
    """The same in 8 bits. ``tops`` are the largest normed value of each channel, then the largest after swish."""

    def __init__(self, block: ResidualBlock, size: list[int], tops: Float[Tensor, "c1"]) -> None:
        first = _after_norm(block.conv_in.weight, block.norm)
        step = split_range(first, tops[:-1] * MARGIN)
        swish_step = (float(tops[-1]) * MARGIN + SWISH_LEAST) / 255
        swish_zero = round(SWISH_LEAST / swish_step)
        self.unit = 1 / step
        self.conv_in = Int8Conv(
            first * step[:, None, None], _bias(block.conv_in), size, step_out=swish_step, zero_out=swish_zero
        )
        self.conv_out = Int8Conv(
            block.conv_out.weight.detach(), _bias(block.conv_out), size, step=swish_step, zero=swish_zero
        )

    def __call__(self, x: BFloat16[Tensor, "n c h w"]) -> BFloat16[Tensor, "n c h w"]:
        return self.conv_out.add_to(x, self.conv_in.swish(normed_bytes(x, self.unit)))


class FastDecoder:
    """The decoder of a maquette; kernels are packed when a size is first seen."""

    def __init__(self, model: Maquette, ranges: Mapping[str, Tensor] | None = None) -> None:
        """``ranges`` are the tops of activations by part ("at_8.0"); without them everything is bfloat16."""
        self.model, self.ranges = model, ranges or {}
        self.sized: OrderedDict[tuple[int, int], SizedDecoder] = OrderedDict()

    @torch.inference_mode()
    def decode(self, latent: Float[Tensor, "c g i j"], first: int, stop: int) -> Float32[Tensor, "f h w 3"]:
        """Pictures of latent frames ``first`` to ``stop``; see ``engine.Engine.decode``."""
        low, high = first - 1, stop + 1
        near = latent[:, max(0, low) : high]
        near = self.model.denormalize(near[None])[0].permute(1, 2, 3, 0).to(BF16)  # [g, i, j, c]
        zero = torch.zeros_like(near[:1])
        near = torch.cat([zero] * (low < 0) + [near] + [zero] * (high > latent.shape[1]))
        sized = self._for_size(*near.shape[1:3])
        rows, columns = near.shape[1] * SPACE, near.shape[2] * SPACE
        pictures = torch.empty((stop - first) * TIME, rows, columns, 3)
        for number in range(stop - first):
            pictures[number * TIME : (number + 1) * TIME] = sized.decode_frame(near[number : number + 3])
        return pictures

    def _for_size(self, rows: int, columns: int) -> SizedDecoder:
        key = (rows, columns)
        if key not in self.sized:
            self.sized[key] = SizedDecoder(self.model.autoencoder, self.ranges, rows, columns)
        self.sized.move_to_end(key)
        while len(self.sized) > KEPT_SIZES:
            self.sized.popitem(last=False)
        return self.sized[key]


class SizedDecoder:
    """The decoder with its kernels packed for ``i`` x ``j`` tokens."""

    def __init__(self, autoencoder: Autoencoder, ranges: Mapping[str, Tensor], i: int, j: int) -> None:
        own, decoder = autoencoder.config, autoencoder.decoder
        quarter, eighth, sixteenth, coarsest = own.decoder_widths
        at_tokens, at_32 = [1, own.width, i, j], [TIME, coarsest, i, j]
        at_16, at_8 = [TIME, sixteenth, 2 * i, 2 * j], [TIME, eighth, 4 * i, 4 * j]
        at_4 = [TIME, quarter, 8 * i, 8 * j]

        def residual(name: str, size: list[int]) -> Bf16ResidualBlock | Int8ResidualBlock:
            block = decoder.get_submodule(name)
            assert isinstance(block, ResidualBlock)
            return Int8ResidualBlock(block, size, ranges[name]) if name in ranges else Bf16ResidualBlock(block, size)

        self.read = PackedConv(*_parameters(decoder.read), [1, 3 * own.channels, i, j])
        self.tokens = [residual(f"tokens.{number}", at_tokens) for number in range(3)]
        split = _after_norm(decoder.split.weight, decoder.tokens[3])
        self.split = PackedConv(split, _bias(decoder.split), at_tokens)
        self.at_32 = residual("at_32", at_32)
        self.to_16 = PackedConv(*_whole_pixels(decoder.to_16[0], 2), at_32)
        self.mix_weight = decoder.mix.weight.detach().flatten(1).to(BF16)
        self.mix_bias = _bias(decoder.mix).to(BF16)
        self.at_16 = [residual("at_16.0", at_16), residual("at_16.1", at_16)]
        self.to_8 = PackedConv(*_whole_pixels(decoder.to_8[0], 2), at_16)
        self.at_8 = [residual("at_8.0", at_8), residual("at_8.1", at_8)]
        self.to_4 = PackedConv(*_whole_pixels(decoder.to_4[0], 2), at_8)
        self.at_4 = residual("at_4", at_4)
        self.out = PackedConv(*_whole_pixels(decoder.out, 4), at_4)
        self.coarse_weight, self.coarse_bias = _coarse_matrix(autoencoder.components_out)
        bordered = [TIME, 3 * BLOCK**2, EIGHTH * i + 2, EIGHTH * j + 2]
        self.double = PackedConv(doubling_kernel(), None, bordered, padded=False)

    def decode_frame(self, near: BFloat16[Tensor, "3 i j c"]) -> BFloat16[Tensor, "t h w 3"]:
        """The pictures of the latent frame in the middle of three."""
        _, i, j, c = near.shape
        x = self.read(near.permute(1, 2, 0, 3).reshape(1, i, j, 3 * c).permute(0, 3, 1, 2))
        for block in self.tokens:
            x = block(x)
        x = self.split(normed(x)).permute(0, 2, 3, 1)  # [1, i, j, t c]
        x = x.view(i, j, TIME, -1).permute(2, 0, 1, 3).contiguous().permute(0, 3, 1, 2)
        x = self._mixed(enlarge(self.to_16(self.at_32(x)), 2))
        for block in self.at_16:
            x = block(x)
        x = enlarge(self.to_8(x), 2)
        for block in self.at_8:
            x = block(x)
        x = self.out(self.at_4(enlarge(self.to_4(x), 2)))
        return enlarge(self.double.add_to(x, self._coarse_blocks(near[1])), 4).permute(0, 2, 3, 1)

    def _mixed(self, x: BFloat16[Tensor, "t c h w"]) -> BFloat16[Tensor, "t c h w"]:
        """x and what a matrix over the channels of all pictures of a latent frame makes of it."""
        t, c, h, w = x.shape
        rows = x.permute(2, 3, 0, 1).reshape(h * w, t * c)
        rows = rows + F.linear(rows, self.mix_weight, self.mix_bias)
        return rows.view(h, w, t, c).permute(2, 0, 1, 3).contiguous().permute(0, 3, 1, 2)

    def _coarse_blocks(self, latent: BFloat16[Tensor, "i j c"]) -> BFloat16[Tensor, "t 12 h w"]:
        """The linear path's pictures as blocks of 2 x 2 pixels, with a border as bilinear enlarging sees it."""
        i, j, _ = latent.shape
        blocks = F.linear(latent, self.coarse_weight, self.coarse_bias).view(i, j, TIME, EIGHTH, EIGHTH, -1)
        blocks = blocks.permute(2, 5, 0, 3, 1, 4).reshape(TIME, -1, EIGHTH * i, EIGHTH * j)
        blocks = F.pad(blocks, (1, 1, 1, 1), mode="replicate").contiguous(memory_format=torch.channels_last)
        # padding repeats whole blocks, but it is the outermost pixel that is to be repeated
        edge = blocks.permute(0, 2, 3, 1).view(TIME, EIGHTH * i + 2, EIGHTH * j + 2, BLOCK, BLOCK, 3)
        edge[:, 0, :, 1], edge[:, -1, :, 0] = edge[:, 0, :, 0], edge[:, -1, :, 1]
        edge[:, :, 0, :, 1], edge[:, :, -1, :, 0] = edge[:, :, 0, :, 0], edge[:, :, -1, :, 1]
        return blocks


def enlarge(x: BFloat16[Tensor, "n c h w"], r: int) -> BFloat16[Tensor, "n d h2 w2"]:
    """Channels (r, r, c) to pixels, channels last."""
    n, _, i, j = x.shape
    blocks = x.permute(0, 2, 3, 1).reshape(n, i, j, r, r, -1).permute(0, 1, 3, 2, 4, 5)
    return blocks.reshape(n, i * r, j * r, -1).permute(0, 3, 1, 2)


def doubling_kernel() -> Float32[Tensor, "48 12 3 3"]:
    """Twice the size, bilinear, as a kernel from blocks (2, 2, 3) to blocks (4, 4, 3)."""
    line = torch.zeros(4, 6)  # four pixels, each between two of the six of three blocks
    for pixel in range(4):
        place = (pixel + 0.5) / 2 - 0.5 + 2  # among the six; the two of the middle block are 2 and 3
        line[pixel, int(place)] += 1 - place % 1
        line[pixel, int(place) + 1] += place % 1
    line = line.view(4, 3, 2)  # pixel, block, pixel in block
    both = torch.einsum("oyr,pxs->oprsyx", line, line)
    return torch.einsum("oprsyx,cd->opcrsdyx", both, torch.eye(3)).reshape(48, 12, 3, 3)


def _parameters(conv: nn.Conv2d) -> tuple[Tensor, Tensor]:
    return conv.weight.detach(), _bias(conv)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias.detach()


def _whole_pixels(conv: nn.Module, r: int) -> tuple[Tensor, Tensor]:
    """Kernel and bias with their rows from (c, r, r), the order of a pixel shuffle, to (r, r, c)."""
    assert isinstance(conv, nn.Conv2d)
    weight, bias = _parameters(conv)
    order = torch.arange(len(weight)).view(-1, r, r).permute(1, 2, 0).flatten()
    return weight[order], bias[order]


def _coarse_matrix(linear: nn.Linear) -> tuple[Tensor, Tensor]:
    """The linear path with its rows from (3, time, row, column) to (time, row, column) of blocks of (2, 2, 3)."""
    shape = (3, TIME, PATCH // BLOCK, BLOCK, PATCH // BLOCK, BLOCK)
    order = torch.arange(linear.out_features).view(shape).permute(1, 2, 4, 3, 5, 0).flatten()
    return linear.weight.detach()[order].to(BF16), linear.bias.detach()[order].to(BF16)
