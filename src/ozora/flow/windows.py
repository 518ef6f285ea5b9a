"""Windows: a canvas longer than the network's own is painted piece by piece, each with what is known around it.

A window's first token frame is a picture (the last one of its first group of frames), the others are groups; so a
window that begins at group ``s`` knows a picture of the past and, as context, the groups after it that are painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Latent frames ``first`` to ``first + size`` of the canvas; the first of them is shown as a picture."""

    first: int
    size: int


def split(known: Sequence[bool], *, size: int, context: int) -> tuple[Window, ...]:
    """The windows, in order, that paint all unknown latent frames of a canvas; ``context`` of a window are known.

    ``known`` says of each latent frame whether it is given. A canvas that fits is one window.
    """
    if len(known) <= size:
        return (Window(first=0, size=len(known)),)
    done, windows = list(known), []
    behind = min(context, size - 1)  # at least one new latent frame a window
    while not all(done):
        first = min(max(0, done.index(False) - behind), len(known) - size)
        windows.append(Window(first=first, size=size))
        done[first : first + size] = [True] * size
    return tuple(windows)
