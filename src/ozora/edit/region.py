"""Edit a region: a part of the picture is painted anew, for a while or throughout; the rest stays."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ozora.edit.given import STILLS, pixels
from ozora.edit.source import MAX_FRAMES, MAX_PIXELS, MAX_SIDE, Source
from ozora.errors import SizeError, UserError
from ozora.media import FootageReader, read_image
from ozora.plan import Box, Composition, Hole

SAME_SHAPE = 1.02
"""So much may one ratio of sides be of another and still be the same shape: sides are whole pixels."""


def region(
    source: Source,
    *,
    box: Box | None = None,
    mask: Path | None = None,
    start_s: Fraction = Fraction(0),
    end_s: Fraction | None = None,
) -> Composition:
    """The clip with a hole: a ``box``, the white of a ``mask`` file (a picture, or a clip frame by frame), or both.

    ``UserError`` when there is neither or the mask is all black, ``SizeError`` when the box or the time is not in the
    clip, or the mask has another shape.
    """
    if box is None and mask is None:
        raise UserError("there is no region to edit; give a box or a mask file")
    if box is not None:
        pixels(box, source.shape.height, source.shape.width)
    duration_s = source.shape.duration_s
    if not 0 <= start_s < (duration_s if end_s is None else min(end_s, duration_s)):
        raise SizeError(f"the time to edit is not in the clip, which is {float(duration_s):g} s long")
    hole = Hole(box=box, start_s=start_s, end_s=end_s)
    if mask is not None:
        _check_mask(mask, source)
        hole = replace(hole, mask=str(mask), sha256=hashlib.sha256(mask.read_bytes()).hexdigest())
    return Composition(shape=source.shape, conditions=(replace(source.given(frame=0), hole=hole),))


def _check_mask(mask: Path, source: Source) -> None:
    (height, width, is_white), shape = _look(mask), source.shape
    ratio = (width * shape.height) / (height * shape.width)
    if not 1 / SAME_SHAPE <= ratio <= SAME_SHAPE:
        raise SizeError(
            f"{mask} is {width}x{height} and the clip {shape.width}x{shape.height}; give a mask of the clip's shape"
        )
    if not is_white:
        raise UserError(f"{mask} is black everywhere; make white what is to be painted anew")


def _look(mask: Path) -> tuple[int, int, bool]:
    """Height and width of a mask, and whether it is white anywhere."""
    if mask.suffix.lower() in STILLS:
        picture = read_image(mask)
        return picture.shape[0], picture.shape[1], bool((picture > 127).any())
    with FootageReader(mask, max_frames=MAX_FRAMES, max_pixels=MAX_PIXELS, max_side=MAX_SIDE) as reader:
        whites = [bool((picture > 127).any()) for picture in reader]
        return reader.height, reader.width, any(whites)
