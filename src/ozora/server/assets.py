"""What belongs to a video beside it: a thumbnail, and a sheet of frames for scrubbing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ozora.media import FootageReader, fit_image, write_image
from ozora.media.footage import Picture
from ozora.trust.derivative import derive_published

VARIANTS = {
    "video": ("video.mp4", "video/mp4"),
    "thumbnail": ("thumbnail.webp", "image/webp"),
    "spritesheet": ("spritesheet.jpg", "image/jpeg"),
}
SHEET_COLUMNS, SHEET_ROWS = 5, 4
SHEET_WIDTH = 160  # pixels of one picture on the sheet
THUMBNAIL_SIDE = 480


def write_assets(video: Path) -> None:
    """Write the thumbnail (the middle frame) and the sheet beside a published video, signed as made of it.

    They are made of its marked frames, so that they carry the watermark too. ``TrustError`` when it is not published.
    """
    with FootageReader(video) as reader:
        index, middle = spread(reader.num_frames), reader.num_frames // 2
        tile = max(2, round(SHEET_WIDTH * reader.height / reader.width)), SHEET_WIDTH
        tiles: dict[int, Picture] = {}
        for number, frame in enumerate(reader):
            if number in index:
                tiles[number] = fit_image(frame, *tile)
            if number == middle:
                thumbnail = _shrink(frame, THUMBNAIL_SIDE)
    pictures = {"thumbnail": thumbnail, "spritesheet": sheet([tiles[number] for number in index])}
    writes = {video.with_name(VARIANTS[name][0]): partial(write_image, picture) for name, picture in pictures.items()}
    derive_published(video, "c2pa.converted", writes)


def spread(num_frames: int) -> list[int]:
    """Which frames are on the sheet: evenly spaced, from the first to the last; short clips repeat some."""
    index: list[int] = np.linspace(0, num_frames - 1, SHEET_COLUMNS * SHEET_ROWS).round().astype(int).tolist()
    return index


def sheet(tiles: list[Picture]) -> Picture:
    """``SHEET_ROWS`` rows of ``SHEET_COLUMNS`` pictures of one size."""
    height, width, _ = tiles[0].shape
    grid = np.stack(tiles).reshape(SHEET_ROWS, SHEET_COLUMNS, height, width, 3)
    whole: Picture = grid.swapaxes(1, 2).reshape(SHEET_ROWS * height, SHEET_COLUMNS * width, 3)
    return whole


def _shrink(image: Picture, side: int) -> Picture:
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    return fit_image(image, max(1, round(height * scale)), max(1, round(width * scale)))
