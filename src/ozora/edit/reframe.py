"""Reframe: the same clip in a picture of another shape, with what was outside of it painted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ozora.edit.source import Source
from ozora.errors import SizeError
from ozora.plan import Box, Composition

ROUNDING = 2
"""Pixels by which sizes of one shape may differ."""


def reframe(
    source: Source, *, height: int, width: int, x: Fraction = Fraction(1, 2), y: Fraction = Fraction(1, 2)
) -> Composition:
    """The whole clip inside ``height`` x ``width`` pixels, as large as it fits; ``x`` and ``y`` say where: 0 at the
    left and top, 1 at the right and bottom. ``SizeError`` when there is nothing to paint around it."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise SizeError(f"the place {float(x):g}, {float(y):g} is out of range; give two numbers from 0 to 1")
    shape = source.shape
    scale = min(Fraction(height, shape.height), Fraction(width, shape.width))
    inner_height, inner_width = round(shape.height * scale), round(shape.width * scale)
    if height - inner_height <= ROUNDING and width - inner_width <= ROUNDING:
        raise SizeError(f"{width}x{height} has the shape of the clip; give another one, such as 9:16 or 1:1")
    wide, tall = Fraction(inner_width, width), Fraction(inner_height, height)
    into = Box(left=x * (1 - wide), top=y * (1 - tall), right=x * (1 - wide) + wide, bottom=y * (1 - tall) + tall)
    given = replace(source.given(frame=0), into=into)
    return Composition(shape=replace(shape, height=height, width=width), conditions=(given,))
