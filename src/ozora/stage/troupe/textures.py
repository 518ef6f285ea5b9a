"""Skins: DDS textures -> small RGBA pictures.

In the source alpha means four things (see ``actors.Coat``). Here the object's color is painted in, so that two are
left: holes, and where a dye shows (the player's color, which stays open until a figure is drawn).
"""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ozora.errors import MediaError
from ozora.stage.troupe.actors import Coat

MAX_SOURCE_SIDE = 4096
Picture = NDArray[np.uint8]
"""RGBA [h, w, 4]."""


def read_texture(data: bytes, what: str = "the texture") -> Picture:
    """Decode one DDS (or PNG) file to RGBA [h, w, 4]. Raises MediaError when it is broken or huge."""
    try:
        with Image.open(io.BytesIO(data), formats=("DDS", "PNG")) as image:
            if max(image.size) > MAX_SOURCE_SIDE:
                raise MediaError(f"{what} is {image.width} x {image.height}, more than {MAX_SOURCE_SIDE} a side.")
            return np.asarray(image.convert("RGBA")).copy()
    except MediaError:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise MediaError(f"{what} is not a picture that can be read: {error}.") from error


def paint(picture: Picture, coat: Coat, color: tuple[float, float, float]) -> Picture:
    """Paint ``color`` (RGB 0..1) into an object's coat, fill the alpha of that and of opaque coats, leave all
    others."""
    if coat in ("cutout", "player"):
        return picture
    painted = picture.copy()
    painted[..., 3] = 255
    if coat == "object":
        keep = picture[..., 3:].astype(np.float32) / 255.0
        painted[..., :3] = np.round(picture[..., :3] * (np.array(color, dtype=np.float32) * (1.0 - keep) + keep))
    return painted


def bleed(picture: Picture) -> Picture:
    """Give holes the color around them, so that smaller copies have no dark or white edges."""
    small = [picture.astype(np.float32)]
    small[0][..., :3] *= small[0][..., 3:] / 255.0
    while min(small[-1].shape[:2]) > 1:
        big = small[-1]
        h, w = big.shape[0] // 2, big.shape[1] // 2
        small.append(big[: h * 2, : w * 2].reshape(h, 2, w, 2, 4).mean(axis=(1, 3)))
    around = small[-1]
    for level in reversed(small):
        rows = np.minimum(np.arange(level.shape[0]) // 2, around.shape[0] - 1)
        columns = np.minimum(np.arange(level.shape[1]) // 2, around.shape[1] - 1)
        fill = around[np.ix_(rows, columns)] if level is not small[-1] else level
        share = np.clip(1.0 - level[..., 3:] / 255.0, 0.0, 1.0)
        around = level + share * fill
    color = around[..., :3] * 255.0 / np.maximum(around[..., 3:], 1.0)
    bled = picture.copy()
    bled[..., :3] = np.clip(np.round(color), 0, 255)
    return bled


def shrink(picture: Picture, side: int) -> Picture:
    """The picture at ``side`` x ``side`` texels; ``bleed`` it first when it has holes."""
    if picture.shape[:2] == (side, side):
        return picture
    planes = [Image.fromarray(np.ascontiguousarray(part)) for part in (picture[..., :3], picture[..., 3])]
    color, alpha = (np.asarray(plane.resize((side, side), Image.Resampling.LANCZOS)) for plane in planes)
    return np.concatenate([color, alpha[..., None]], axis=2)


def has_holes(picture: Picture) -> bool:
    """Whether any texel is see-through."""
    return bool((picture[..., 3] < 128).any())


def encode_picture(picture: Picture, kind: Literal["webp", "png"] = "webp") -> bytes:
    """Compressed bytes of a picture; WebP is lossy in color and exact in alpha."""
    out = io.BytesIO()
    options = {"webp": {"quality": 88, "method": 4, "exact": True}, "png": {"optimize": True}}[kind]
    Image.fromarray(picture).save(out, format=kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def decode_picture(data: bytes, what: str, at_most: int) -> Picture:
    """The reverse of ``encode_picture``. Raises MediaError when it is broken or larger than ``at_most`` a side."""
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP", "PNG")) as image:
            if max(image.size) > at_most:
                raise MediaError(f"{what} is {image.width} x {image.height}, more than {at_most} a side.")
            return np.asarray(image.convert("RGBA")).copy()
    except MediaError:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise MediaError(f"{what} is not a picture that can be read: {error}.") from error
