"""A contact sheet: several clips on one small picture, a row of frames for each, with its caption underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ozora.media.output_file import check_output, whole_file, writing

_GAP = 4  # pixels between pictures and around the sheet
_TEXT_SIZE = 13
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_COLORS = 256  # a palette makes the file about a third of full color; dithering hides it at this size


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One clip (``uint8 f h w 3``) and the sentence that is printed under it."""

    caption: str
    frames: NDArray[np.uint8]


def write_contact_sheet(
    rows: Sequence[SheetRow], path: Path, *, columns: int = 6, height: int = 96, colors: int = _COLORS
) -> None:
    """Write ``rows`` to one PNG: ``columns`` evenly spaced frames each, ``height`` pixels high.

    ``colors`` is the size of the palette. ``OutputError`` when ``path`` cannot be written.
    """
    check_output(path)
    assert rows, "a contact sheet needs at least one row"
    strips = [_draw_row(row, columns, height) for row in rows]
    sheet = Image.new("RGB", (max(strip.width for strip in strips), sum(strip.height for strip in strips)), _PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    with whole_file(path) as draft, writing(path):
        palette = sheet.quantize(colors)  # Pillow dithers only towards a given palette
        dithered = sheet.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        dithered.save(draft, format="PNG", optimize=True)


def _draw_row(row: SheetRow, columns: int, height: int) -> Image.Image:
    num_frames, frame_height, frame_width, _ = row.frames.shape
    width = max(1, round(height * frame_width / frame_height))
    strip_width = _GAP + columns * (width + _GAP)
    lines = _wrap(row.caption, strip_width - 2 * _GAP)
    strip = Image.new("RGB", (strip_width, 2 * _GAP + height + len(lines) * (_TEXT_SIZE + 3)), _PAPER)
    for column, index in enumerate(np.linspace(0, num_frames - 1, columns).round().astype(int)):
        picture = Image.fromarray(row.frames[index]).resize((width, height), Image.Resampling.LANCZOS)
        strip.paste(picture, (_GAP + column * (width + _GAP), _GAP))
    text = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        text.text((_GAP, height + _GAP + 2 + number * (_TEXT_SIZE + 3)), line, fill=_INK, font=_font())
    return strip


def _wrap(caption: str, width: int) -> list[str]:
    """Break ``caption`` between words into lines of at most ``width`` pixels."""
    lines = [""]
    for word in caption.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _font().getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT_SIZE)
