"""Still pictures: files of any common kind in, ``uint8 RGB h w c`` out, and back.

Letters: ``h w`` rows and columns, ``c`` channels.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from ozora.errors import MediaError
from ozora.media.output_file import check_output, whole_file, writing

READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")  # no format that runs another program
GRAY = (128, 128, 128)

_JPEG_QUALITY = 95
_WEBP_QUALITY = 90
_EXIF_DESCRIPTION = 0x010E


def read_image(path: Path, *, max_pixels: int = 50_000_000) -> NDArray[np.uint8]:
    """The picture in ``path`` as ``h w 3``: upright (EXIF), first frame only, transparency over neutral gray.

    ``MediaError`` when it is missing, no picture, damaged, or has more than ``max_pixels``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which does not matter here
            with Image.open(path, formats=READABLE) as image:
                if image.width * image.height > max_pixels:
                    raise _too_large(path, max_pixels)
                return np.array(_flatten(ImageOps.exif_transpose(image)))
    except MediaError:
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
    return MediaError(f"{path} has more than {max_pixels // 1_000_000} million pixels: make it smaller")


def _text_chunks(metadata: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        chunks.add_itxt(key, value)
    return chunks
