"""The joint text-video diffusion transformer, with a noise level per latent frame; it predicts the data x.

Text and latent tokens are one sequence (in-context conditioning). Two blocks of three look at one latent frame and the
text only; every third looks at everything. The noise level enters through one shared MLP and a small table per block
(AdaLN-single, PixArt-alpha, arXiv 2310.00426). RMSNorm, QK-norm, SwiGLU, rotary positions over time, height and width:
time in seconds, lengths as shares of the picture's height, so that durations, frame rates and sizes are native. Rotary
positions say only how far apart two tokens are; waves of the place itself are added to each token, because a sentence
speaks of left and right of the picture. A mask channel tells which tokens are known.

The first ``layout`` channels of a token are its layout (who stands here and which way it goes), with one noise time a
clip, ``layout_t``, which reaches 0 before ``t``, that of the picture's channels after them, begins to fall.

Letters: ``b`` batch, ``n`` latent tokens, ``m`` text tokens, ``k`` channels of the layout and the picture together,
``d`` width, ``l`` latent frames, ``s`` tokens of a latent frame, ``a`` heads, ``e`` features of a head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

ROPE_SPLIT = (0.25, 0.375, 0.375)
"""Share of each head for time, height and width."""

ROPE_RANGE = ((0.25, 6.0), (0.5, 12.0), (0.5, 12.0))
"""Lowest and highest frequency for each axis: neighbours (half a second, a quarter of the height) turn by 3 at most."""

REFERENCE_S = 4.0
"""Pictures of the cast lie so many seconds apart, before the clip."""

WAVES = 6
"""Waves of a place along each axis, each twice as fast as the one before; see ``waves``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerConfig:
    """Sizes. ``channels`` are the picture's, ``layout`` come before them; ``hidden`` is the inner width of SwiGLU; one
    block of ``joint_every``, beginning with the second, looks at all latent frames."""

    channels: int = 128
    layout: int = 112
    text_width: int = 256
    width: int = 384
    layers: int = 12
    heads: int = 6
    hidden: int = 1024
    joint_every: int = 3

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> TransformerConfig:
        return TransformerConfig(**data)


def sinusoid(value: Tensor, width: int, *, scale: float = 1000.0) -> Tensor:
    """Sines and cosines of ``value`` [...] at ``width`` / 2 frequencies."""
    frequency = torch.exp(-math.log(10000.0) * torch.arange(width // 2, device=value.device) / (width // 2))
    angle = value[..., None] * scale * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


def positions(
    frames: int, height: int, width: int, *, seconds_a_frame: float, references: int = 0
) -> Float[Tensor, "n 3"]:
    """Place of every latent token: seconds, and rows and columns as shares of the picture's height, centered.

    ``references`` pictures of things that are to be seen come first, at times before the clip.
    """
    before = torch.arange(-references, 0, dtype=torch.float32) * REFERENCE_S
    time = torch.cat([before, torch.arange(frames, dtype=torch.float32) * seconds_a_frame])
    row = (torch.arange(height, dtype=torch.float32) + 0.5) / height - 0.5
    column = ((torch.arange(width, dtype=torch.float32) + 0.5) - width / 2) / height
    return torch.stack(torch.meshgrid(time, row, column, indexing="ij"), dim=-1).flatten(0, 2)


def waves(place: Float[Tensor, "n 3"]) -> Float[Tensor, "n w"]:
    """Sines and cosines of every place, ``WAVES`` along each axis; half a turn is 8 seconds or twice the height."""
    scale = math.pi * torch.tensor([1 / 8, 1 / 2, 1 / 2], device=place.device)[:, None]
    angle = place[..., None] * scale * 2.0 ** torch.arange(WAVES, device=place.device)
    return torch.cat([angle.cos(), angle.sin()], dim=-1).flatten(1)


def rotations(place: Float[Tensor, "n 3"], head: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine [n, head / 2] of the rotary angles (Su et al. 2021, arXiv 2104.09864), per axis."""
    angles = []
    for axis, (share, (low, high)) in enumerate(zip(ROPE_SPLIT, ROPE_RANGE, strict=True)):
        count = int(head * share) // 2
        steps = torch.arange(count, device=place.device) / max(count - 1, 1)
        angles.append(place[:, axis : axis + 1] * (low * (high / low) ** steps))
    angle = torch.cat(angles, dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: Float[Tensor, "b a n e"], cos: Tensor, sin: Tensor) -> Float[Tensor, "b a n e"]:
    """Turn pairs of a head's features; the tokens past those of ``cos`` (text) are left as they are."""
    n = cos.shape[0]
    first, second = x[:, :, :n].chunk(2, dim=-1)
    turned = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return torch.cat([turned, x[:, :, n:]], dim=2)


class Norm(nn.RMSNorm):
    """RMSNorm with one epsilon for all types, in the type of its input: bfloat16 in training, float32 in painting."""

    def __init__(self, width: int, *, scaled: bool = False) -> None:
        super().__init__(width, eps=1e-6, elementwise_affine=scaled)

    def forward(self, x: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.to(x.dtype)
        return F.rms_norm(x, self.normalized_shape, weight, self.eps)


class Block(nn.Module):
    """Attention and SwiGLU over latent and text tokens; only latent tokens are modulated by the noise level.

    A ``joint`` block attends from everything to everything; another one from each latent frame to itself and the text,
    and from the text to the text.
    """

    def __init__(self, config: TransformerConfig, *, joint: bool) -> None:
        super().__init__()
        width = config.width
        self.heads, self.joint = config.heads, joint
        self.table = nn.Parameter(torch.zeros(6, width))
        self.norm_a = Norm(width)
        self.norm_b = Norm(width)
        self.norm_q = Norm(width // config.heads, scaled=True)
        self.norm_k = Norm(width // config.heads, scaled=True)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, width, bias=False)

    def forward(self, x: Tensor, text: Tensor, level: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [b, l, s, d], ``text`` [b, m, d], ``level`` [b, l, 1, 6, d]."""
        frames, n = x.shape[1], x.shape[1] * x.shape[2]
        shift_a, scale_a, gate_a, shift_b, scale_b, gate_b = (level + self.table).unbind(-2)
        inner = (self.norm_a(x) * (1 + scale_a) + shift_a).flatten(1, 2)
        both = torch.cat([inner, self.norm_a(text)], dim=1)
        q, k, v = self.qkv(both).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = rotate(self.norm_q(q), cos, sin), rotate(self.norm_k(k), cos, sin)
        attended = _attend(q, k, v) if self.joint or frames == 1 else _attend_by_frame(q, k, v, frames, n)
        mixed = self.out(attended)
        x = x + gate_a * mixed[:, :n].view_as(x)
        text = text + mixed[:, n:]
        inner = (self.norm_b(x) * (1 + scale_b) + shift_b).flatten(1, 2)
        gate, up = self.gate_up(torch.cat([inner, self.norm_b(text)], dim=1)).chunk(2, dim=-1)
        mixed = self.down(F.silu(gate) * up)
        return x + gate_b * mixed[:, :n].view_as(x), text + mixed[:, n:]


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Float[Tensor, "b n d"]:
    """Attention of heads [b, a, n, e], side by side."""
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def _attend_by_frame(q: Tensor, k: Tensor, v: Tensor, frames: int, n: int) -> Float[Tensor, "b n d"]:
    """The same for ``n`` tokens of ``frames`` latent frames, each with the text after them, and for the text alone."""
    b, a, _, e = q.shape
    own = [part[:, :, :n].reshape(b, a, frames, -1, e).transpose(1, 2) for part in (q, k, v)]  # [b, l, a, s, e]
    words = [part[:, None, :, n:].expand(-1, frames, -1, -1, -1) for part in (k, v)]
    seen = [torch.cat([part, text], dim=3).flatten(0, 1) for part, text in zip(own[1:], words, strict=True)]
    local = _attend(own[0].flatten(0, 1), *seen).reshape(b, n, -1)
    return torch.cat([local, _attend(q[:, :, n:], k[:, :, n:], v[:, :, n:])], dim=1)


class Transformer(nn.Module):
    """Noisy latent tokens, their levels, a mask of known ones and a text to the data that they stand for."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.read = nn.Linear(config.layout + config.channels + 1, width)
        self.read_place = nn.Linear(6 * WAVES, width, bias=False)
        self.read_text = nn.Linear(config.text_width, width)
        self.level_in = nn.Linear(256, width)
        self.level_layout = nn.Linear(256, width)
        self.level_out = nn.Linear(width, 6 * width)
        every = config.joint_every
        self.blocks = nn.ModuleList([Block(config, joint=i % every == 1 % every) for i in range(config.layers)])
        self.norm = Norm(width)
        self.last = nn.Linear(width, 2 * width)
        self.write = nn.Linear(width, config.layout + config.channels)
        self.initialize()

    def initialize(self) -> None:
        """All initial values, in one place: small matrices, gates that begin at 0.5 of a residual, zero output."""
        for name, value in self.named_parameters():
            if value.ndim == 2 and "table" not in name:
                nn.init.normal_(value, std=0.7 / math.sqrt(value.shape[1]))
        for linear in (self.level_out, self.last, self.write):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        for block in self.blocks:
            assert isinstance(block, Block)
            with torch.no_grad():
                block.table[2].fill_(0.5)
                block.table[5].fill_(0.5)

    def forward(
        self,
        x_t: Float[Tensor, "b n k"],
        t: Float[Tensor, "b l"],
        layout_t: Float[Tensor, "b"],
        known: Float[Tensor, "b n"],
        text: Float[Tensor, "b m w"],
        place: Float[Tensor, "n 3"],
    ) -> Float[Tensor, "b n k"]:
        """The data x of every token."""
        b, n, _ = x_t.shape
        frames = t.shape[1]
        x = self.read(torch.cat([x_t, known[..., None]], dim=-1)) + self.read_place(waves(place))
        x = x.view(b, frames, n // frames, -1)
        inner = F.silu(self.level_in(sinusoid(t, 256)) + self.level_layout(sinusoid(layout_t, 256))[:, None])
        level = self.level_out(inner).view(b, frames, 1, 6, -1)
        cos, sin = rotations(place, self.config.width // self.config.heads)
        words = self.read_text(text)
        for block in self.blocks:
            x, words = block(x, words, level, cos, sin)
        shift, scale = self.last(inner)[:, :, None].chunk(2, dim=-1)
        result: Tensor = self.write(self.norm(x) * (1 + scale) + shift).flatten(1, 2)
        return result
