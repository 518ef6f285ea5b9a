"""Where a thing is in a clip, found by its words: "the red ball"."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ozora.errors import UserError
from ozora.evaluate.parser import Parser, load_parser
from ozora.evaluate.tracking import Track, parse_clip
from ozora.plan import Box
from ozora.world.reading import read

MARGIN = 0.03
"""Share of the picture that is added to every side."""


def find_thing(frames: NDArray[np.uint8], words: str, *, parser: Parser | None = None) -> Box:
    """The part of the picture that a thing of the stage moves in, over all ``frames`` [f, h, w, 3].

    ``UserError`` when the words name no thing, or what was seen instead of it.
    """
    parser = load_parser() if parser is None else parser
    things = read(words).statement.things
    if not things:
        raise UserError(f"'{words}' names no thing of the stage; give a box or a mask instead")
    tracks = parse_clip(parser, frames).tracks
    wanted = things[0]
    found = [t for t in tracks if t.noun == wanted.noun and wanted.color in ("", t.color)]
    if not found:
        seen = ", ".join(f"a {track.color} {track.noun}" for track in tracks) or "nothing that it knows"
        raise UserError(f"'{words}' is not found in the clip; the parser sees {seen}; give a box instead")
    return _around(found[0])


def _around(track: Track) -> Box:
    left, top = np.nanmin(track.box[:, :2], axis=0) - MARGIN
    right, bottom = np.nanmax(track.box[:, 2:], axis=0) + MARGIN
    sides = (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))
    return Box(
        **{
            name: Fraction(float(side)).limit_denominator(1000)
            for name, side in zip(("left", "top", "right", "bottom"), sides, strict=True)
        }
    )
