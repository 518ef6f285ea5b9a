from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ozora.media import read_image
from ozora.server.assets import VARIANTS, sheet, write_assets


@pytest.mark.parametrize(("frames", "height", "width"), [(1, 32, 48), (30, 90, 160), (4, 720, 96)])
def test_a_sheet_has_twenty_pictures_in_order(frames: int, height: int, width: int) -> None:
    clip = np.zeros((frames, height, width, 3), np.uint8) + np.arange(frames, dtype=np.uint8)[:, None, None, None]
    picture = sheet(clip)
    tile = round(160 * height / width)
    assert picture.shape == (4 * tile, 5 * 160, 3)
    assert picture[0, 0, 0] == 0
    assert picture[-1, -1, 0] == frames - 1


def test_the_files_are_small_pictures(tmp_path: Path) -> None:
    write_assets(np.full((1, 1280, 720, 3), 99, np.uint8), tmp_path)
    assert read_image(tmp_path / VARIANTS["thumbnail"][0]).shape == (480, 270, 3)
    assert (tmp_path / VARIANTS["spritesheet"][0]).read_bytes()[:3] == b"\xff\xd8\xff"
