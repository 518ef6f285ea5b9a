"""Shots and windows: a canvas longer than the network's own is painted piece by piece, with what is known around it.

A shot is painted as if nothing were before it: its first latent frame is a picture. A window's first latent frame is a
picture too (the last one of its first group of frames), the others are groups; so a window that begins at group ``s``
of a shot knows a picture of the past and, as context, the groups after it that are painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ozora.shapes import VideoShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Frames ``first`` to ``first + frames`` of a clip, and its ``groups`` latent frames from ``group`` on."""

    first: int
    frames: int
    group: int
    groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Latent frames ``first`` to ``first + size``, of which those before ``stop`` are kept. ``opens``: it begins with
    the first picture of its shot."""

    first: int
    size: int
    stop: int
    opens: bool


def cut(shape: VideoShape, cuts: Sequence[Fraction], *, time: int) -> tuple[Shot, ...]:
    """The shots of a clip with cuts at these seconds; ``time`` frames are a latent frame."""
    inner = {round(cut_s * shape.fps) for cut_s in cuts}
    starts = [0, *sorted(start for start in inner if 0 < start < shape.frames)]
    shots: list[Shot] = []
    group = 0
    for start, end in zip(starts, [*starts[1:], shape.frames], strict=True):
        groups = 1 - (-(end - start - 1) // time)
        shots.append(Shot(first=start, frames=end - start, group=group, groups=groups))
        group += groups
    return tuple(shots)


def split(
    known: Sequence[bool], *, size: int, context: int, breaks: Sequence[int] = (), offset: int = 0
) -> tuple[Window, ...]:
    """The windows, in order, that paint all unknown latent frames of a shot; ``context`` of a window are known.

    ``known`` says of each latent frame whether it is given. What is painted at once does not go past one of
    ``breaks``, where another prompt begins. ``offset`` is the shot's first latent frame on the canvas.
    """
    done = list(known)
    windows: list[Window] = []
    behind = min(context, size - 1)  # at least one new latent frame a window
    while not windows or not all(done):
        begin = 0 if all(done) else done.index(False)
        first = max(0, min(begin - behind, len(known) - size))
        last = min(first + size, len(known))
        stop = min([last, *(place for place in breaks if begin < place < last)])
        windows.append(Window(first=offset + first, size=last - first, stop=offset + stop, opens=first == 0))
        done[first:stop] = [True] * (stop - first)
    return tuple(windows)
