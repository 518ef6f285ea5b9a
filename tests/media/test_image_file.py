from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ozora.errors import MediaError, OutputError
from ozora.media.decoding_room import ROOM
from ozora.media.image_file import check_picture, fit_image, read_image, write_image


@pytest.fixture
def image() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:20, :30]
    return np.stack([rows * 12, columns * 8, 255 - rows * 12], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(("suffix", "error"), [(".png", 0), (".jpg", 6), (".webp", 12)])
def test_round_trip(tmp_path: Path, image: NDArray[np.uint8], suffix: str, error: float) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(image, path, metadata={"prompt": "a red bäll"})
    assert np.abs(read_image(path).astype(int) - image).mean() <= error
    with Image.open(path) as picture:
        described = {**picture.info, "exif": picture.getexif().get(0x010E, "")}
    assert "red b" in str(described)


def test_orientation_is_applied(tmp_path: Path, image: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right of the file
    Image.fromarray(image).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.rot90(image, -1))


@pytest.mark.parametrize("turn", range(10))
def test_every_orientation_is_that_of_pillow(turn: int, tmp_path: Path) -> None:
    """Also of more rows than are converted at a time."""
    rows, columns = np.mgrid[:300, :20]
    pixels = np.stack([rows % 256, columns * 9, rows // 2], axis=-1).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path, exif=exif)
    with Image.open(path) as picture:
        wanted = np.array(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(read_image(path), wanted)
    assert check_picture(path) == wanted.shape[:2]


@pytest.fixture
def narrow() -> Iterator[int]:
    """This process decodes up to so many bytes at once."""
    ROOM.limit(7 * 1000)
    yield 1000
    ROOM.limit(None)


def test_what_does_not_fit_the_room_is_refused_by_its_head(narrow: int, tmp_path: Path) -> None:
    for name, width in (("fits.png", narrow), ("large.png", narrow + 1)):
        Image.new("RGBA", (width, 1)).save(tmp_path / name)
    assert read_image(tmp_path / "fits.png").shape == (1, narrow, 3)
    with pytest.raises(MediaError, match=r"large.png has more than 0.001 million pixels: make it smaller"):
        read_image(tmp_path / "large.png")
    assert check_picture(tmp_path / "large.png") == (1, narrow + 1), "what keeps no copy needs less"
    assert ROOM.taken_bytes == 0


def test_who_decodes_waits_for_others(narrow: int, tmp_path: Path) -> None:
    Image.new("RGB", (narrow, 1)).save(tmp_path / "a.png")
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with ROOM.reserve(5000):
            held.set()
            enough.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    threading.Timer(0.2, enough.set).start()
    began = time.monotonic()
    assert read_image(tmp_path / "a.png").shape == (1, narrow, 3)
    assert time.monotonic() - began > 0.1
    other.join()


def test_a_check_of_a_picture_says_the_same_of_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise((200, 200), 90).save(path)
    path.write_bytes(path.read_bytes()[:-5000])
    for look in (read_image, check_picture):
        with pytest.raises(MediaError, match="damaged"):
            look(path)


def test_transparent_is_neutral_gray(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 128).all()
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([255, 0, 0] * 256)
    palette.save(tmp_path / "p.png", transparency=0)
    assert (read_image(tmp_path / "p.png") == 128).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("L", (6, 4), 255).convert("RGB").convert(mode if mode != "I;16" else "L")
    white = Image.fromarray(np.full((4, 6), 65535, np.uint16)) if mode.startswith("I") else None
    picture = white or Image.new("RGB", (6, 4), (255, 255, 255)).convert(mode)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "YCbCr") else "a.png")
    picture.save(path)
    result = read_image(path)
    assert result.shape == (4, 6, 3)
    assert result.dtype == np.uint8
    assert (result >= 254).all()


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 32896, 65535]], np.uint16)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [0, 128, 255]


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (5, 5), color) for color in ("red", "blue"))
    red.save(tmp_path / "a.gif", save_all=True, append_images=[blue])
    assert read_image(tmp_path / "a.gif")[0, 0].tolist() == [255, 0, 0]


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _bomb(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return _png([(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")])


def _cut() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "JPEG")
    return buffer.getvalue()[:400]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no picture"),
        (b"hello", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (_cut(), "damaged"),
        (_png([(b"IHDR", b"123")]), "picture|damaged"),
        (_bomb(9_000), "million pixels"),
        (_bomb(60_000), "million pixels"),
    ],
)
def test_what_is_no_good_picture_is_refused_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(MediaError, match=says) as caught:
        read_image(tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        read_image(tmp_path / "a.png")
    with pytest.raises(MediaError, match="is a folder"):
        read_image(tmp_path)


def test_unreadable_outputs_are_refused(tmp_path: Path, image: NDArray[np.uint8]) -> None:
    with pytest.raises(OutputError):
        write_image(image, tmp_path / "a.bmp")


def test_fit_crops_the_middle() -> None:
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, 30:70] = 255
    assert fit_image(image, 20, 20).min() > 230
    assert fit_image(image, 33, 17).shape == (33, 17, 3)
