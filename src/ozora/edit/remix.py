"""Remix: the same clip told in other words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ozora.edit.source import Source
from ozora.errors import UserError
from ozora.plan import Composition

STRENGTHS = {"subtle": Fraction(1, 4), "mild": Fraction(1, 2), "strong": Fraction(4, 5)}
"""The names of Sora's app for how much may change."""


def remix(source: Source, *, strength: Fraction) -> Composition:
    """The clip gone back by ``strength`` of the way to noise, to be painted anew; ``UserError`` unless 0 < it <= 1."""
    if not 0 < strength <= 1:
        raise UserError(
            f"a strength of {float(strength):g} is out of range; give more than 0 (keep all) up to 1 (anew)"
        )
    return Composition(shape=source.shape, conditions=(replace(source.given(frame=0), strength=strength),))
