"""Connect: what happens between two clips. Loop: between a clip's end and its own beginning."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ozora.edit.source import Source
from ozora.errors import SizeError
from ozora.plan import Composition


def connect(first: Source, second: Source, *, seconds: Fraction) -> Composition:
    """The first clip, ``seconds`` new ones, and the second clip, at the size and rate of the first."""
    between = _frames(seconds, first)
    landing = first.shape.frames + between
    later = round(second.shape.duration_s * first.shape.fps)
    shape = replace(first.shape, frames=landing + later)
    return Composition(shape=shape, conditions=(first.given(frame=0), second.given(frame=landing)))


def loop(source: Source, *, seconds: Fraction) -> Composition:
    """The clip, and ``seconds`` new ones that lead back to its first frame, which is given once more at the end.

    Played in a circle the last frame is shown twice; ``Composition.shape`` counts it.
    """
    between = _frames(seconds, source)
    landing = source.shape.frames + between
    shape = replace(source.shape, frames=landing + 1)
    return Composition(shape=shape, conditions=(source.given(frame=0), source.given(frame=landing, frames=1)))


def _frames(seconds: Fraction, source: Source) -> int:
    frames = round(seconds * source.shape.fps)
    if frames < 1:
        raise SizeError(
            f"{float(seconds):g} seconds hold no new frame; give at least {float(1 / source.shape.fps):.3g}"
        )
    return frames
