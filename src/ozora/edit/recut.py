"""Recut: pieces of clips in a new order, with painted pictures in the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from ozora.edit.source import Source
from ozora.errors import SizeError
from ozora.plan import Composition


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Seconds ``start_s`` to ``end_s`` of a source (``None``: to its end), landing at ``at_s`` of the new clip."""

    source: Source
    at_s: Fraction
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    @property
    def duration_s(self) -> Fraction:
        """How long it is."""
        return (self.source.shape.duration_s if self.end_s is None else self.end_s) - self.start_s


def recut(pieces: Sequence[Piece], *, seconds: Fraction | None = None) -> Composition:
    """The pieces at their times, at the size and rate of the first; as long as ``seconds``, or to the end of the last.

    ``SizeError`` when a piece is not in its source, overlaps another, or does not fit.
    """
    if not pieces:
        raise SizeError("there are no pieces; keep at least one")
    lead = pieces[0].source.shape
    length_s = max(piece.at_s + piece.duration_s for piece in pieces) if seconds is None else seconds
    for piece in pieces:
        if piece.at_s < 0 or piece.at_s + piece.duration_s > length_s:
            raise SizeError(f"the piece at {float(piece.at_s):g} s does not fit into {float(length_s):g} s")
    ordered = sorted(pieces, key=lambda piece: piece.at_s)
    for before, after in pairwise(ordered):
        if before.at_s + before.duration_s > after.at_s:
            raise SizeError(f"the piece at {float(after.at_s):g} s overlaps the one before it; move it")
    conditions = tuple(
        piece.source.piece(frame=round(piece.at_s * lead.fps), start_s=piece.start_s, end_s=piece.end_s)
        for piece in ordered
    )
    return Composition(shape=replace(lead, frames=max(1, round(length_s * lead.fps))), conditions=conditions)
