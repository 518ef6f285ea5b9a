"""Blend: one clip becomes another, by a curve of influence over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from ozora.edit.source import Source
from ozora.errors import UserError
from ozora.plan import Composition

Curve = tuple[tuple[Fraction, Fraction], ...]
"""(share of the duration, influence of the second clip), both from 0 to 1, in order of time."""

CURVES: dict[str, Curve] = {
    "transition": ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))),
    "mix": ((Fraction(0), Fraction(1, 2)), (Fraction(1), Fraction(1, 2))),
    "sample": (
        (Fraction(0), Fraction(0)),
        (Fraction(2, 5), Fraction(4, 5)),
        (Fraction(3, 5), Fraction(4, 5)),
        (Fraction(1), Fraction(0)),
    ),
}
"""Presets, as Sora's app named them: over to the second, both alike, and there and back."""


def blend(
    first: Source, second: Source, *, curve: Sequence[tuple[Fraction, Fraction]], strength: Fraction
) -> Composition:
    """As long as the shorter clip, of the first one's size and rate: both mixed by ``curve``, gone back by ``strength``
    of the way to noise, and painted. ``UserError`` when a number is out of range."""
    if not 0 < strength <= 1:
        raise UserError(f"a strength of {float(strength):g} is out of range; give more than 0 up to 1")
    if not curve or any(not (0 <= time <= 1 and 0 <= weight <= 1) for time, weight in curve):
        raise UserError("a curve is pairs of time and influence from 0 to 1, such as 0:0 1:1")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(curve)):
        raise UserError("the times of a curve must rise; put its pairs in order")
    frames = min(first.shape.frames, int(second.shape.duration_s * first.shape.fps))
    if frames < 1:
        raise UserError(f"{second.path} is shorter than one frame of {first.path}; give a longer clip")
    shape = replace(first.shape, frames=frames)
    falling = tuple((time * shape.duration_s, 1 - weight) for time, weight in curve)
    rising = tuple((time * shape.duration_s, weight) for time, weight in curve)
    end_s = shape.duration_s
    conditions = tuple(
        replace(source.given(frame=0), end_s=end_s, strength=strength, weights=weights)
        for source, weights in ((first, falling), (second, rising))
    )
    return Composition(shape=shape, conditions=conditions)
