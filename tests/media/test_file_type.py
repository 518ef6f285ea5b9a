from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ozora.media import write_image, write_video
from ozora.media.file_type import UNKNOWN, is_still, sniff_bytes, sniff_file

CLIP = np.zeros((2, 32, 32, 3), np.uint8)


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        (".mp4", "video/mp4"),
        (".webm", "video/webm"),
        (".gif", "image/gif"),
    ],
)
def test_clips_that_we_write(tmp_path: Path, suffix: str, media_type: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_video(CLIP, Fraction(12), path)
    assert sniff_file(path.rename(tmp_path / "input-0")) == media_type


@pytest.mark.parametrize(
    ("suffix", "media_type"), [(".png", "image/png"), (".jpg", "image/jpeg"), (".webp", "image/webp")]
)
def test_pictures_that_we_write(tmp_path: Path, suffix: str, media_type: str) -> None:
    write_image(CLIP[0], tmp_path / f"a{suffix}")
    assert sniff_file(tmp_path / f"a{suffix}") == media_type


@pytest.mark.parametrize(
    ("form", "codec", "media_type"),
    [
        ("matroska", "libx264", "video/x-matroska"),
        ("mpegts", "libx264", "video/mp2t"),
        ("mov", "prores_ks", "video/quicktime"),
        ("avi", "mjpeg", "video/x-msvideo"),
        ("apng", "apng", "image/apng"),
        ("ipod", "libx264", "video/x-m4v"),
    ],
)
def test_containers_of_others(tmp_path: Path, form: str, codec: str, media_type: str) -> None:
    path = tmp_path / "clip"
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=12)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 32
        stream.pix_fmt = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p", "apng": "rgb24"}.get(codec, "yuv420p")
        for picture in CLIP:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    assert sniff_file(path) == media_type


def test_a_tiff_and_what_is_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tiff")
    assert sniff_file(tmp_path / "a.tiff") == "image/tiff"
    assert sniff_bytes(b"") == UNKNOWN
    assert sniff_bytes(b"hello") == UNKNOWN
    assert sniff_bytes(b"\0\0\0\x20ftypavif") == "image/avif"


def test_what_is_read_as_one_picture() -> None:
    assert is_still("image/png") and is_still("image/webp")
    assert not is_still("image/gif") and not is_still("image/apng") and not is_still("video/mp4")
