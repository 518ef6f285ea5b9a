from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ozora.errors import MediaError
from ozora.stage.troupe import textures as tex
from tests.stage.troupe.game_files import texture

RED = (1.0, 0.0, 0.0)


def test_reads_dds_and_png() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 4), (10, 20, 30, 40)).save(out, format="dds")
    assert tex.read_texture(out.getvalue())[0, 0].tolist() == [10, 20, 30, 40]
    assert tex.read_texture(texture((1, 2, 3, 4))).shape == (8, 8, 4)


@pytest.mark.parametrize("data", [b"", b"DDS ", texture((1, 2, 3, 4))[:40], texture((0, 0, 0, 0), side=4097)])
def test_broken_or_huge_pictures_are_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        tex.read_texture(data)


def test_the_coat_says_what_alpha_means() -> None:
    half = np.full((2, 2, 4), (200, 200, 200, 0), dtype=np.uint8)
    assert tex.paint(half, "object", RED)[0, 0].tolist() == [200, 0, 0, 255]
    assert tex.paint(half, "opaque", RED)[0, 0].tolist() == [200, 200, 200, 255]
    assert tex.paint(half, "cutout", RED) is half
    assert tex.paint(half, "player", RED) is half


def test_holes_take_the_color_around_them() -> None:
    picture = np.zeros((8, 8, 4), dtype=np.uint8)
    picture[:, :4] = (0, 200, 0, 255)
    bled = tex.bleed(picture)
    assert bled[:, :, 1].min() > 150
    np.testing.assert_array_equal(bled[..., 3], picture[..., 3])
    np.testing.assert_array_equal(bled[:, :4], picture[:, :4])


def test_shrink_and_encode() -> None:
    picture = np.full((16, 8, 4), (90, 120, 150, 255), dtype=np.uint8)
    small = tex.shrink(picture, 4)
    assert small.shape == (4, 4, 4)
    back = tex.decode_picture(tex.encode_picture(small), "it", 4)
    assert np.abs(back.astype(int) - small).max() <= 4
    assert tex.decode_picture(tex.encode_picture(small, "png"), "it", 4).tolist() == small.tolist()
    with pytest.raises(MediaError, match="more than 2"):
        tex.decode_picture(tex.encode_picture(small), "it", 2)
    with pytest.raises(MediaError):
        tex.decode_picture(b"RIFF", "it", 4)
