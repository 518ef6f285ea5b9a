"""What belongs to a video beside it: a thumbnail, and a sheet of frames for scrubbing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.backends import Frames
from ozora.media import fit_image, read_video, write_image
from ozora.trust.publish import derive

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
    frames, _ = read_video(video)
    middle = frames[len(frames) // 2]
    pictures = {"thumbnail": _shrink(middle, THUMBNAIL_SIDE), "spritesheet": sheet(frames)}
    for variant, picture in pictures.items():
        derive(video, video.with_name(VARIANTS[variant][0]), write=partial(write_image, picture))


def sheet(frames: Frames) -> NDArray[np.uint8]:
    """Evenly spaced frames, row by row: ``SHEET_ROWS`` of ``SHEET_COLUMNS``; short clips repeat frames."""
    index = np.linspace(0, len(frames) - 1, SHEET_COLUMNS * SHEET_ROWS).round().astype(int)
    height, width = frames.shape[1:3]
    tile = (max(2, round(SHEET_WIDTH * height / width)), SHEET_WIDTH)
    small = {number: fit_image(frames[number], *tile) for number in set(index.tolist())}
    grid = np.stack([small[number] for number in index.tolist()]).reshape(SHEET_ROWS, SHEET_COLUMNS, *tile, 3)
    picture: NDArray[np.uint8] = grid.swapaxes(1, 2).reshape(SHEET_ROWS * tile[0], SHEET_COLUMNS * tile[1], 3)
    return picture


def _shrink(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    return fit_image(image, max(1, round(height * scale)), max(1, round(width * scale)))
