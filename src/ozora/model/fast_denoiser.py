"""The denoiser on a CPU with bfloat16: the same numbers as ``transformer.Transformer``, in three fifths of the time.

What is different, and why (measured in EXPERIMENTS.md):

- Weights are bfloat16 from the start, without autocast. The residual stays in float32, and so does everything between
  two products, in place where it can: a CPU computes elementwise in float32 faster than in bfloat16.
- Attention is two ``bmm`` and an ``exp2``. Queries and keys are normed, so no weight can overflow and no maximum has to
  be taken off (``check_attention``); columns of ones beside the values sum the weights.
- The rotary angles and the weights of the query and key norms are one pair of tables, made once a prompt; what depends
  on the noise level is made once a step for all blocks, in one row where every frame has the same level.
- Products may be in 8 bits (``int8``) where that does not show: ``IN_8_BITS``, of latent rows only. Text rows carry a
  few activations hundreds of times as large as the others and stay in bfloat16.

Letters: ``n`` latent tokens, ``m`` text tokens, ``r = n + m`` rows of both, text last; ``k`` channels of layout and
picture, ``d`` width, ``l`` latent frames, ``s`` tokens of a latent frame, ``a`` heads, ``e`` features of a head,
``z`` blocks. A level table is [1, 1, d] where all frames have one level, and [l, 1, d] else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import BFloat16, Float, Float32
from torch import Tensor
from torch.nn import functional as F

from ozora.model.engine import Words
from ozora.model.int8 import ROUNDED_ZERO, Int8Linear, to_u8
from ozora.model.maquette import Denoiser
from ozora.model.transformer import Block, rotations, sinusoid, waves

IN_8_BITS = ("qkv", "out", "gate_up")
"""Products that lose nothing one can see; ``down`` in 8 bits costs a fifth of the facts of layouts."""

KEPT_IN_16 = frozenset({"0.gate_up"})
"""Products that 8 bits hurt all the same: the first block's, where a frame is given."""

ONES = 16
"""Columns of ones beside the values: a whole number of vectors."""

EPSILON = 1e-6
LARGEST_EXPONENT = 120
"""2 to this power and sums of it still fit bfloat16."""


class Bf16Linear:
    """A matrix in bfloat16."""

    def __init__(self, weight: Float[Tensor, "o i"], bias: Float[Tensor, "o"] | None = None) -> None:
        self.weight = weight.to(torch.bfloat16).contiguous()
        self.bias = None if bias is None else bias.to(torch.bfloat16)

    def __call__(self, x: BFloat16[Tensor, "n i"], dtype: torch.dtype = torch.bfloat16) -> BFloat16[Tensor, "n o"]:
        """The result is bfloat16 whatever ``dtype``: whoever adds it to the residual turns it into float32 there."""
        return F.linear(x, self.weight, self.bias)


class FastBlock:
    """The weights of one ``Block``, ready to multiply; ``steps`` are those of its products in 8 bits."""

    def __init__(self, block: Block, steps: Mapping[str, Tensor]) -> None:
        weights = {name: getattr(block, name).weight.detach().float() for name in ("qkv", "out", "gate_up", "down")}
        width = weights["out"].shape[0]
        qkv, out = weights["qkv"], weights["out"]
        if "out" in steps:  # the values come out in steps of the product after them
            qkv = torch.cat([qkv[: 2 * width], qkv[2 * width :] / steps["out"][:, None]])
            out = out * steps["out"]
        self.joint, self.heads = block.joint, block.heads
        self.in_8_bits = frozenset(steps)
        self.qkv = _product(qkv, steps.get("qkv"))
        self.out, self.text_out = Int8Linear(out) if "out" in steps else Bf16Linear(out), Bf16Linear(out)
        self.gate_up = _product(weights["gate_up"], steps.get("gate_up"))
        self.text_gate_up, self.down = Bf16Linear(weights["gate_up"]), Bf16Linear(weights["down"])
        # query and key norms; the scale of attention is in the queries, in powers of 2
        scale = 1 / (math.sqrt(width // block.heads) * math.log(2))
        self.norms = torch.stack([block.norm_q.weight.detach() * scale, block.norm_k.weight.detach()])
        self.text_unit = 1 / steps["qkv"] if "qkv" in steps else None
        self.table, self.unit, self.offset = _level_table(block.table.detach(), steps)

    def rotary_tables(self, cos: Float[Tensor, "r half"], sin: Float[Tensor, "r half"]) -> tuple[Tensor, Tensor]:
        """Two tables [r, 2, 1, e] for queries and keys: what ``turn_heads`` multiplies a head and its halves with."""
        first, second = self.norms[:, None].chunk(2, dim=-1)
        own = torch.cat([first * cos, second * cos], dim=-1)
        other = torch.cat([-second * sin, first * sin], dim=-1)
        return own.transpose(0, 1)[:, :, None].contiguous(), other.transpose(0, 1)[:, :, None].contiguous()


def _product(weight: Tensor, step: Tensor | None) -> Bf16Linear | Int8Linear:
    return Bf16Linear(weight) if step is None else Int8Linear(weight * step)


def _level_table(table: Float[Tensor, "6 d"], steps: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The level table of a block, and unit and offset [6, d] that turn it into steps: (level + table) unit + offset.

    Its rows are shift, scale and gate of attention, then of SwiGLU; the scales get their 1 here.
    """
    table, unit, offset = table.clone(), torch.ones_like(table), torch.zeros_like(table)
    table[[1, 4]] += 1
    for row, name in ((0, "qkv"), (3, "gate_up")):
        if name in steps:
            unit[row : row + 2] = 1 / steps[name]
            offset[row] = ROUNDED_ZERO
    return table, unit, offset


class Levels(NamedTuple):
    """Modulation of one block at one step, already in steps of the products that follow."""

    shift_a: Tensor
    scale_a: Tensor
    gate_a: Tensor
    shift_b: Tensor
    scale_b: Tensor
    gate_b: Tensor


class FastDenoiser:
    """The weights of a ``Denoiser``, ready to multiply; it holds nothing of a prompt and may be shared by threads."""

    def __init__(self, denoiser: Denoiser, ranges: Mapping[str, Tensor] | None = None) -> None:
        """``ranges`` are the steps of inputs by "block.product"; without them everything is bfloat16."""
        check_attention(denoiser)
        self.text, self.model = denoiser.text, denoiser.transformer
        steps = {name: step for name, step in (ranges or {}).items() if name not in KEPT_IN_16}
        self.blocks = []
        for number, block in enumerate(self.model.blocks):
            assert isinstance(block, Block)
            own = {name: steps[f"{number}.{name}"] for name in IN_8_BITS if f"{number}.{name}" in steps}
            self.blocks.append(FastBlock(block, own))
        self.read = Bf16Linear(self.model.read.weight.detach())
        self.write = Bf16Linear(self.model.write.weight.detach(), self.model.write.bias.detach())
        self.table = torch.stack([block.table for block in self.blocks])[:, None, None]  # [z, 1, 1, 6, d]
        self.unit = torch.stack([block.unit for block in self.blocks])[:, None, None]
        self.offset = torch.stack([block.offset for block in self.blocks])[:, None, None]

    @torch.inference_mode()
    def prepare(self, words: Words, place: Float[Tensor, "n 3"]) -> PreparedDenoiser:
        """Do once what is the same at every step of a prompt: the text, the places, the rotary tables."""
        text = self.model.read_text(self.text(*words))[0]
        head = self.model.config.width // self.model.config.heads
        cos, sin = rotations(place, head)
        cos = torch.cat([cos, torch.ones(len(text), head // 2)])  # text is not turned
        sin = torch.cat([sin, torch.zeros(len(text), head // 2)])
        placed = self.model.read_place(waves(place)) + self.model.read.bias
        return PreparedDenoiser(self, text, placed, [block.rotary_tables(cos, sin) for block in self.blocks])


class PreparedDenoiser:
    """A denoiser for one prompt and one set of places; see ``engine.Predict``."""

    def __init__(
        self,
        denoiser: FastDenoiser,
        text: Float[Tensor, "m d"],
        placed: Float[Tensor, "n d"],
        rotary: list[tuple[Tensor, Tensor]],
    ) -> None:
        self.denoiser, self.text, self.placed, self.rotary = denoiser, text, placed, rotary

    @torch.inference_mode()
    def __call__(
        self, x_t: Float[Tensor, "n k"], t: Float[Tensor, "l"], layout_t: Float[Tensor, ""], known: Float[Tensor, "n"]
    ) -> Float32[Tensor, "n k"]:
        fast, model, n = self.denoiser, self.denoiser.model, len(x_t)
        frames = len(t)
        if bool((t == t[0]).all()):
            t = t[:1]
        inner = F.silu(model.level_in(sinusoid(t, 256)) + model.level_layout(sinusoid(layout_t, 256)))
        level = model.level_out(inner).view(len(t), 1, 6, -1)
        levels = (level + fast.table).mul_(fast.unit).add_(fast.offset)  # [z, l, 1, 6, d]
        tokens = torch.cat([x_t, known[:, None]], dim=1).to(torch.bfloat16)
        h = torch.cat([fast.read(tokens) + self.placed, self.text])
        for block, tables, own in zip(fast.blocks, self.rotary, levels, strict=True):
            run_block(h, n, frames, block, Levels(*own.unbind(-2)), tables)
        shift, scale = model.last(inner)[:, None].chunk(2, dim=-1)
        x = rms_normed(h[:n])
        _modulate(x, 1 + scale, shift)
        return fast.write(x.to(torch.bfloat16)).float()


def check_attention(denoiser: Denoiser) -> None:
    """Refuse weights whose attention could overflow (``ValueError``): see ``attend``."""
    for block in denoiser.transformer.blocks:
        assert isinstance(block, Block)
        query, key = block.norm_q.weight.detach(), block.norm_k.weight.detach()
        # Cauchy-Schwarz: a normed head of e features is at most sqrt(e) long
        most = math.sqrt(len(query)) / math.log(2) * float(query.abs().max() * key.abs().max())
        if not most < LARGEST_EXPONENT:
            raise ValueError(f"attention could reach 2 to the power of {most:.0f}")


# One block


def run_block(
    h: Float32[Tensor, "r d"],
    n: int,
    frames: int,
    block: FastBlock,
    level: Levels,
    rotary: tuple[Tensor, Tensor],
) -> None:
    """Attention and SwiGLU, added to the residual ``h`` in place; the first ``n`` rows are latent tokens."""
    x = rms_normed(h)
    _modulate(x[:n], level.scale_a, level.shift_a)
    if block.text_unit is not None:
        x[n:].mul_(block.text_unit).add_(ROUNDED_ZERO)
    qkv = block.qkv(_operand(x, "qkv" in block.in_8_bits), torch.bfloat16).view(len(h), 3, block.heads, -1)
    attend_all = block.joint or frames == 1
    latents, text = (_attend_jointly if attend_all else _attend_by_frame)(qkv, n, frames, *rotary)
    in_8_bits = "out" in block.in_8_bits
    latents = to_u8(latents.float().add_(ROUNDED_ZERO)) if in_8_bits else latents
    _add(h[:n], level.gate_a, block.out(latents, torch.float32))
    h[n:].add_(block.text_out(text))

    x = rms_normed(h)
    _modulate(x[:n], level.scale_b, level.shift_b)
    both = block.gate_up(_operand(x[:n], "gate_up" in block.in_8_bits), torch.float32)
    _add(h[:n], level.gate_b, block.down(swiglu(both)))
    text_both = block.text_gate_up(x[n:].to(torch.bfloat16)).float()
    h[n:].add_(block.down(swiglu(text_both)))


def rms_normed(x: Float32[Tensor, "r d"]) -> Float32[Tensor, "r d"]:
    """RMSNorm without weight; ``F.rms_norm`` is eight operations on a CPU, this takes half as long."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x * length.square_().mul_(1 / x.shape[-1]).add_(EPSILON).rsqrt_()


def swiglu(both: Float[Tensor, "r hidden2"]) -> BFloat16[Tensor, "r hidden"]:
    """silu(gate) * up."""
    gate, up = both.chunk(2, dim=-1)
    return F.silu(gate).mul_(up).to(torch.bfloat16)


def _by_level(x: Float[Tensor, "n d"], level: Tensor) -> Float[Tensor, "l s d"]:
    """A view of rows by the frames that ``level`` [l or 1, 1, d] speaks of."""
    return x.view(len(level), -1, x.shape[1])


def _modulate(x: Float32[Tensor, "n d"], scale: Tensor, shift: Tensor) -> None:
    rows = _by_level(x, scale)
    torch.addcmul(shift, rows, scale, out=rows)


def _add(h: Float32[Tensor, "n d"], gate: Tensor, x: Float[Tensor, "n d"]) -> None:
    _by_level(h, gate).addcmul_(gate, _by_level(x, gate))


def _operand(x: Float32[Tensor, "r d"], in_8_bits: bool) -> Tensor:
    return to_u8(x) if in_8_bits else x.to(torch.bfloat16)


# Attention


def attend(
    q: BFloat16[Tensor, "b x e"], k: BFloat16[Tensor, "b y e"], v: BFloat16[Tensor, "b y e1"]
) -> BFloat16[Tensor, "b x e1"]:
    """Weighted sums of ``v``, not yet divided by the sum of the weights, which is in its last ``ONES`` columns."""
    weights = torch.bmm(q, k.transpose(1, 2))
    return torch.bmm(torch.exp2(weights, out=weights), v)


def turn_heads(
    qkv: BFloat16[Tensor, "r 3 a e"], own: Float[Tensor, "r 2 1 e"], other: Float[Tensor, "r 2 1 e"]
) -> Float32[Tensor, "r 2 a e"]:
    """Queries and keys, normed and turned: ``own`` times a head plus ``other`` times the head with its halves swapped,
    by its length."""
    heads = qkv[:, :2].float()
    half = heads.shape[-1] // 2
    length = torch.linalg.vector_norm(heads, dim=-1, keepdim=True)
    turned = heads * own
    turned[..., :half].addcmul_(heads[..., half:], other[..., :half])
    turned[..., half:].addcmul_(heads[..., :half], other[..., half:])
    return turned.mul_(length.square_().mul_(1 / heads.shape[-1]).add_(EPSILON).rsqrt_())


def _attend_jointly(qkv: Tensor, n: int, frames: int, own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Attention from everything to everything: [n, d] of latent tokens and [m, d] of the text, in bfloat16."""
    turned = turn_heads(qkv, own, other)
    rows, _, heads, e = turned.shape
    qk = torch.empty(2, heads, rows, e, dtype=torch.bfloat16)
    qk.copy_(turned.permute(1, 2, 0, 3))
    v = torch.ones(heads, rows, e + ONES, dtype=torch.bfloat16)
    v[..., :e] = qkv[:, 2].transpose(0, 1)
    sums = attend(qk[0], qk[1], v)[None]
    return _side_by_side(sums[:, :, :n]), _side_by_side(sums[:, :, n:])


def _attend_by_frame(qkv: Tensor, n: int, frames: int, own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """The same from each latent frame to itself and the text, and from the text to the text."""
    turned = turn_heads(qkv, own, other)
    heads, e = turned.shape[2:]
    s, m = n // frames, len(turned) - n
    q = torch.empty(frames, heads, s, e, dtype=torch.bfloat16)
    q.copy_(turned[:n, 0].view(frames, s, heads, e).transpose(1, 2))
    k = torch.empty(frames, heads, s + m, e, dtype=torch.bfloat16)
    k[:, :, :s] = turned[:n, 1].view(frames, s, heads, e).transpose(1, 2)
    k[:, :, s:] = turned[n:, 1].transpose(0, 1)
    v = torch.ones(frames, heads, s + m, e + ONES, dtype=torch.bfloat16)
    v[:, :, :s, :e] = qkv[:n, 2].view(frames, s, heads, e).transpose(1, 2)
    v[:, :, s:, :e] = qkv[n:, 2].transpose(0, 1)
    latents = attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)).view(frames, heads, s, e + ONES)
    text_q = turned[n:, 0].transpose(0, 1).to(torch.bfloat16)
    text = attend(text_q, k[0, :, s:], v[0, :, s:])[None]
    return _side_by_side(latents), _side_by_side(text)


def _side_by_side(sums: BFloat16[Tensor, "l a s e1"]) -> BFloat16[Tensor, "ls d"]:
    """Heads divided by their sums of weights, in one row a token."""
    return (sums[..., :-ONES] / sums[..., -1:]).transpose(1, 2).flatten(0, 1).flatten(1)
