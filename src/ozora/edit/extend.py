"""Extend: go on where a clip ends, or come to where it begins."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ozora.edit.source import Source
from ozora.errors import SizeError
from ozora.plan import Composition


def extend(source: Source, *, before_s: Fraction = Fraction(0), after_s: Fraction = Fraction(0)) -> Composition:
    """The clip with ``before_s`` new seconds in front of it and ``after_s`` behind it; ``SizeError`` without either."""
    before, after = (round(seconds * source.shape.fps) for seconds in (before_s, after_s))
    if before < 0 or after < 0 or before + after == 0:
        raise SizeError("there is nothing to add; give seconds after the clip (or before it) of more than 0")
    shape = replace(source.shape, frames=before + source.shape.frames + after)
    return Composition(shape=shape, conditions=(source.given(frame=before),))
