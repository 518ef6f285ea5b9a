"""Files that a client sends: bounded, and known by their bytes, never by the name or type that the client claims."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ozora.control_characters import find_control
from ozora.errors import RequestError
from ozora.media.file_type import sniff_bytes

MAX_IMAGE_BYTES = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form, in memory; ``name`` is what the client calls it, and only shown again."""

    name: str
    data: bytes


def check_image(data: bytes, param: str) -> str:
    """The type of a picture; ``RequestError`` when it is none, or too large."""
    media_type = sniff_bytes(data)
    if not media_type.startswith("image/"):
        raise RequestError("this file is no picture; give a PNG, JPEG or WebP file", code="invalid_image", param=param)
    if len(data) > MAX_IMAGE_BYTES:
        limit = MAX_IMAGE_BYTES // 1_000_000
        raise RequestError(
            f"this picture is larger than {limit} MB; make it smaller", code="invalid_image", param=param
        )
    return media_type


def check_video(data: bytes, param: str) -> str:
    """The type of a clip; ``RequestError`` when it is none."""
    media_type = sniff_bytes(data)
    if not media_type.startswith("video/"):
        raise RequestError("this file is no video; give an MP4 or WebM file", code="invalid_video", param=param)
    return media_type


def plain_name(name: str) -> str:
    """A client's file name without folders and control characters, at most 200 characters."""
    last = re.split(r"[\\/]", name)[-1]
    shown = "".join(letter for letter in last if find_control(letter) is None)
    return shown[-200:].strip() or "upload"
