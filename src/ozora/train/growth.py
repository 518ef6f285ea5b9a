"""A painter that gets deeper: new blocks that do nothing yet, between those that it has.

What a block adds passes its two last matrices; where they are zero, the painter is the one it was (Net2Net, Chen et al.
2015, arXiv 1511.05641, for residual networks).
"""

from __future__ import annotations

import re

from torch import Tensor

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
