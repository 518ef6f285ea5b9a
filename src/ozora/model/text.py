"""The text encoder: words and their bytes, three small layers, trained from scratch with the transformer.

A word is the sum of its entry in a table (index 1 if it is not there) and of an embedding for each of its bytes at its
place, so that unknown words and spellings still say something. Rotary places tell which word comes before which;
queries and keys are normed, without which Muon drives attention into saturation (EXPERIMENTS.md, 2026-11-26). Texts are
padded to a fixed number of words; padding is a learned word, not a mask, so the computation is the same for every
prompt.

Letters: ``b`` batch, ``n`` words, ``d`` width.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.transformer import Norm, rotate

PAD, UNKNOWN = 0, 1
BYTES_A_WORD = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """``words`` is the table, in order from index 2; ``length`` words of a prompt are read."""

    words: tuple[str, ...]
    length: int = 32
    width: int = 256
    layers: int = 3
    heads: int = 4

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> TextConfig:
        return TextConfig(**{**data, "words": tuple(data["words"])})


def split(text: str) -> list[str]:
    """Lower-case words of a prompt."""
    return re.findall(r"[^\W_]+", text.lower())


def tokenize(texts: list[str], config: TextConfig) -> tuple[Int[Tensor, "b n"], Int[Tensor, "b n m"]]:
    """Word indices, and for each word the indices of its bytes (0 where it has no more)."""
    table = {word: index for index, word in enumerate(config.words, start=2)}
    words = torch.zeros(len(texts), config.length, dtype=torch.long)
    letters = torch.zeros(len(texts), config.length, BYTES_A_WORD, dtype=torch.long)
    for row, text in enumerate(texts):
        for column, word in enumerate(split(text)[: config.length]):
            words[row, column] = table.get(word, UNKNOWN)
            for place, byte in enumerate(word.encode()[:BYTES_A_WORD]):
                letters[row, column, place] = 1 + place * 256 + byte
    return words, letters


class TextBlock(nn.Module):
    """Pre-norm self-attention with rotary places and normed queries and keys, and a GELU layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_a, self.norm_b = Norm(width, scaled=True), Norm(width, scaled=True)
        self.norm_q, self.norm_k = Norm(width // heads, scaled=True), Norm(width // heads, scaled=True)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm_a(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = rotate(self.norm_q(q), cos, sin), rotate(self.norm_k(k), cos, sin)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        result: Tensor = x + self.down(F.gelu(self.up(self.norm_b(x))))
        return result


class TextEncoder(nn.Module):
    """Token indices to states of ``width``."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.word = nn.Embedding(len(config.words) + 2, config.width)
        self.letter = nn.EmbeddingBag(1 + 256 * BYTES_A_WORD, config.width, mode="sum", padding_idx=0)
        self.position = nn.Parameter(torch.randn(config.length, config.width) * 0.02)
        self.blocks = nn.ModuleList([TextBlock(config.width, config.heads) for _ in range(config.layers)])
        self.norm = Norm(config.width, scaled=True)
        nn.init.normal_(self.word.weight, std=0.02)
        nn.init.normal_(self.letter.weight, std=0.004)

    def forward(self, words: Int[Tensor, "b n"], letters: Int[Tensor, "b n m"]) -> Float[Tensor, "b n d"]:
        spelled = self.letter(letters.flatten(0, 1)).unflatten(0, words.shape)
        x = self.word(words) + spelled + self.position
        half = self.config.width // self.config.heads // 2
        angle = torch.arange(x.shape[1], device=x.device)[:, None] * 0.03 ** torch.linspace(0, 1, half, device=x.device)
        for block in self.blocks:
            x = block(x, angle.cos(), angle.sin())
        result: Tensor = self.norm(x)
        return result
