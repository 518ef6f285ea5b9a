from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ozora.errors import OutputError
from ozora.media.contact_sheet import SheetRow, write_contact_sheet


def test_rows_of_evenly_spaced_frames(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 11).astype(np.uint8)[:, None, None, None], (11, 20, 30, 3))
    rows = [SheetRow(caption="from black to white", frames=ramp), SheetRow(caption="one frame", frames=ramp[:1, :, :9])]
    write_contact_sheet(rows, tmp_path / "a.png", columns=3, height=40)
    with Image.open(tmp_path / "a.png") as picture:
        sheet = np.asarray(picture.convert("RGB"))
    assert sheet.shape[1] == 4 + 3 * (60 + 4)
    middles = [sheet[24, 4 + column * 64 + 30, 0] for column in range(3)]
    np.testing.assert_allclose(middles, [0, 127, 255], atol=6)
    below = sheet[46:58]
    assert below.min() < 100, "the caption is missing"
    assert (tmp_path / "a.png").stat().st_size < 20_000


def test_long_captions_are_wrapped(tmp_path: Path) -> None:
    frames = np.zeros((1, 8, 8, 3), np.uint8)
    sizes = []
    for caption in ("short", "a much longer sentence about a red ball that rolls past a cube"):
        write_contact_sheet([SheetRow(caption=caption, frames=frames)], tmp_path / "a.png", columns=2)
        with Image.open(tmp_path / "a.png") as picture:
            sizes.append(picture.size)
    assert sizes[0][0] == sizes[1][0]
    assert sizes[0][1] < sizes[1][1]


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_contact_sheet([SheetRow(caption="", frames=np.zeros((1, 8, 8, 3), np.uint8))], tmp_path)
