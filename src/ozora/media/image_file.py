"""Still pictures: files of any common kind in, ``uint8 RGB h w c`` out, and back.

Letters: ``h w`` rows and columns, ``c`` channels.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from ozora.errors import MediaError, OutOfMemoryError
from ozora.media.decoding_room import ROOM
from ozora.media.output_file import check_output, whole_file, writing

READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")  # no format that runs another program
GRAY = (128, 128, 128)

_JPEG_QUALITY = 95
_WEBP_QUALITY = 90
_EXIF_DESCRIPTION = 0x010E
_EXIF_ORIENTATION = 0x0112
_FIRST_TURNED = 5  # orientations from this one on swap rows and columns
_ROWS = 128  # that are converted at a time
_TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""From the upright picture to that in the file, without a copy, by orientation (EXIF 2.32, tag Orientation)."""


def read_image(path: Path, *, max_pixels: int = 50_000_000) -> NDArray[np.uint8]:
    """The picture in ``path`` as ``h w 3``: upright (EXIF), first frame only, transparency over neutral gray.

    ``MediaError`` when it is missing, no picture, damaged, or has more than ``max_pixels`` or than this process
    decodes; ``OutOfMemoryError`` when others decode too much at the moment.
    """
    with _decoded(path, max_pixels, copied=True) as image:
        return _to_pixels(image)


def check_picture(path: Path, *, max_pixels: int = 50_000_000) -> tuple[int, int]:
    """Decode the picture in ``path`` and keep nothing of it; its height and width. Errors as for ``read_image``."""
    with _decoded(path, max_pixels, copied=False) as image:
        turned = _orientation(image) >= _FIRST_TURNED
        return (image.width, image.height) if turned else (image.height, image.width)


@contextlib.contextmanager
def _decoded(path: Path, max_pixels: int, *, copied: bool) -> Iterator[Image.Image]:
    """The picture in ``path``, decoded, with room for one copy of it if it is to be ``copied``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which does not matter here
            with Image.open(path, formats=READABLE) as image:
                num_pixels = image.width * image.height
                size_bytes = num_pixels * (_decoding_bytes(image) + (3 if copied else 0))
                if num_pixels > max_pixels or not ROOM.fits(size_bytes):
                    raise _too_large(path, max_pixels if num_pixels > max_pixels else num_pixels - 1)
                with ROOM.reserve(size_bytes):
                    try:
                        image.load()
                        yield image
                    finally:
                        image.close()  # its pixels go before the room that was kept for them
    except (MediaError, OutOfMemoryError):
        raise
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist: give the path of a picture") from error
    except IsADirectoryError as error:
        raise MediaError(f"{path} is a folder: give the path of a picture") from error
    except PermissionError as error:
        raise MediaError(f"{path} may not be read: change its permissions or give a copy") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{path} is no picture that can be read: give a PNG, JPEG or WebP file") from error
    except Image.DecompressionBombError as error:
        raise _too_large(path, max_pixels) from error
    except Exception as error:  # a damaged file can fail anywhere in a decoder: struct, zlib, index, memory ...
        raise MediaError(f"{path} is damaged or cut off: save it again as PNG or JPEG") from error


def fit_image(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Fill ``height`` x ``width`` with the middle of ``image`` (``h w 3``): crop to the shape, then Lanczos."""
    fitted = ImageOps.fit(Image.fromarray(image), (width, height), Image.Resampling.LANCZOS)
    return np.array(fitted)


def resize_frames(frames: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """``fit_image`` for every frame of ``f h w 3``; frames that fit already are returned as they are."""
    if frames.shape[1:3] == (height, width):
        return frames
    return np.stack([fit_image(frame, height, width) for frame in frames])


def write_image(image: NDArray[np.uint8], path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write ``image`` (``h w 3``) to a .png, .jpg or .webp file, whole or not at all; ``OutputError`` otherwise."""
    check_output(path)
    with whole_file(path) as draft, writing(path):
        save_image(image, draft, metadata=metadata or {})


def save_image(image: NDArray[np.uint8], path: Path, *, metadata: Mapping[str, str]) -> None:
    """Encode ``image`` straight into ``path``. ``metadata`` becomes text chunks (PNG) or an EXIF description."""
    picture = Image.fromarray(image)
    if path.suffix.lower() == ".png":
        picture.save(path, format="PNG", pnginfo=_text_chunks(metadata))
        return
    exif = Image.Exif()
    if metadata:
        exif[_EXIF_DESCRIPTION] = json.dumps(dict(metadata))
    if path.suffix.lower() == ".webp":
        picture.save(path, format="WEBP", quality=_WEBP_QUALITY, exif=exif)
    else:
        picture.save(path, format="JPEG", quality=_JPEG_QUALITY, subsampling=0, exif=exif)


def _decoding_bytes(image: Image.Image) -> int:
    """Bytes that Pillow and the library below it take for each pixel while they decode.

    Pillow keeps four bytes for a pixel of any color. Libraries of WebP and AVIF have whole pictures of their own, two
    and a copy, and JPEG keeps all coefficients of a progressive file, two bytes for each of up to four channels.
    Measured with 25 million pixels: PNG and JPEG 4, progressive JPEG 10, TIFF 6, WebP 16, AVIF 10.
    """
    extra = {"WEBP": 12, "AVIF": 12, "TIFF": 4, "JPEG": 8 if image.info.get("progressive") else 0}
    return 4 + extra.get(image.format or "", 0)


def _to_pixels(image: Image.Image) -> NDArray[np.uint8]:
    """``image`` upright and without transparency, converted some rows at a time, so that there is only one copy."""
    turn = _orientation(image)
    height, width = (image.width, image.height) if turn >= _FIRST_TURNED else (image.height, image.width)
    pixels = np.empty((height, width, 3), np.uint8)
    as_stored = _TURNS[turn](pixels)  # the same memory, seen as the file has it
    for top in range(0, image.height, _ROWS):
        bottom = min(top + _ROWS, image.height)
        as_stored[top:bottom] = np.asarray(_flatten(image.crop((0, top, image.width, bottom))))
    return pixels


def _orientation(image: Image.Image) -> int:
    """How the picture is to be turned, 1 to 8 as EXIF has it; 1 when nothing is said."""
    turn = image.getexif().get(_EXIF_ORIENTATION, 1)
    return turn if turn in _TURNS else 1


def _flatten(image: Image.Image) -> Image.Image:
    """``image`` in any mode of Pillow as RGB."""
    if image.mode.startswith("I"):  # 16-bit gray, which convert() would clip instead of scale
        values = np.asarray(image).astype(np.float64) / 257.0
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, (*GRAY, 255)), picture).convert("RGB")


def _too_large(path: Path, max_pixels: int) -> MediaError:
    return MediaError(f"{path} has more than {max_pixels / 1e6:.3g} million pixels: make it smaller")


def _text_chunks(metadata: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        chunks.add_itxt(key, value)
    return chunks
