"""A painter that grows and still paints as it did (Net2Net, Chen et al. 2015, arXiv 1511.05641).

It gets deeper by blocks that do nothing yet: what a block adds passes its two last matrices, and these are zero. It
gets wider by channels that are not read yet and written as zero.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from ozora.model.transformer import TransformerConfig

BLOCK = re.compile(r"(.*transformer\.blocks\.)(\d+)\.(.+)")
SILENT = ("out.weight", "down.weight")


def deepen(weights: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The weights of a painter with ``layers`` blocks that paints the same; ``ValueError`` when it has more already.

    New blocks lie evenly between the old ones and begin as copies of the block before them.
    """
    had = 1 + max(int(match[2]) for name in weights if (match := BLOCK.fullmatch(name)))
    if layers < had:
        raise ValueError(f"these weights have {had} blocks; a painter of {layers} cannot hold them")
    places = [number * had // layers for number in range(layers)]
    grown = {name: value for name, value in weights.items() if not BLOCK.fullmatch(name)}
    for number, old in enumerate(places):
        new = number > 0 and places[number - 1] == old
        for name, value in weights.items():
            match = BLOCK.fullmatch(name)
            if match and int(match[2]) == old:
                silent = new and match[3] in SILENT
                grown[f"{match[1]}{number}.{match[3]}"] = value * 0 if silent else value.clone()
    return grown


def widen(weights: dict[str, Tensor], had: TransformerConfig, wanted: TransformerConfig) -> dict[str, Tensor]:
    """The weights of a painter of the sizes ``had`` with the channels of ``wanted``, which paints the same;
    ``ValueError`` when it has more already. New channels of the blocking and of the picture come after the old ones."""
    if wanted.blocking < had.blocking or wanted.channels < had.channels:
        raise ValueError(f"these weights have {had.blocking} and {had.channels} channels; {wanted} cannot hold them")
    wide = dict(weights)
    for name, axis in (("read.weight", 1), ("write.weight", 0), ("write.bias", 0)):
        value = weights[f"transformer.{name}"]
        parts = list(torch.tensor_split(value, (had.blocking, had.blocking + had.channels), dim=axis))
        more = (wanted.blocking - had.blocking, wanted.channels - had.channels)
        for number, count in enumerate(more):
            size = [*value.shape]
            size[axis] = count
            parts[number] = torch.cat([parts[number], value.new_zeros(size)], dim=axis)
        wide[f"transformer.{name}"] = torch.cat(parts, dim=axis)
    return wide
