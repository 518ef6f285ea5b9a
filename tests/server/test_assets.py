from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.media import VideoWriter, read_image
from ozora.server.assets import VARIANTS, sheet, spread, write_assets
from ozora.trust.file_hash import hash_files
from ozora.trust.publish import publish
from ozora.trust.verify import verify
from tests.trust.records import record_of


def test_a_sheet_has_twenty_pictures_in_order() -> None:
    picture = sheet([np.full((90, 160, 3), number, np.uint8) for number in range(20)])
    assert picture.shape == (4 * 90, 5 * 160, 3)
    assert picture[::90, ::160, 0].flatten().tolist() == list(range(20))


@pytest.mark.parametrize("num_frames", [1, 4, 30, 720])
def test_its_pictures_are_spread_over_the_clip(num_frames: int) -> None:
    index = spread(num_frames)
    assert (len(index), index[0], index[-1]) == (20, 0, num_frames - 1)
    assert index == sorted(index)
    assert max(np.diff(index)) <= max(1, num_frames / 19 + 1)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A published clip of four frames at 360 x 640."""
    frames = np.random.default_rng(1).integers(60, 200, (4, 80, 45, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    path = tmp_path / VARIANTS["video"][0]
    publish(
        frames,
        record_of(frames=len(frames)),
        path,
        open=lambda draft: VideoWriter(draft, height=640, width=360, fps=Fraction(4)),
    )
    return path


def test_the_files_are_small_pictures(video: Path) -> None:
    write_assets(video)
    assert read_image(video.with_name(VARIANTS["thumbnail"][0])).shape == (480, 270, 3)
    assert video.with_name(VARIANTS["spritesheet"][0]).read_bytes()[:3] == b"\xff\xd8\xff"
    assert len(list(video.parent.iterdir())) == 4


def test_they_are_signed_as_made_of_the_video(video: Path) -> None:
    write_assets(video)
    for variant in ("thumbnail", "spritesheet"):
        path = video.with_name(VARIANTS[variant][0])
        found = verify(path)
        assert (found.origin, found.credential and found.credential.state) == ("signed", "trusted")
        assert found.credential is not None
        assert found.credential.generation["parents"] == [hash_files([video])]
        assert found.entry is not None and found.entry.record == record_of(frames=4).to_dict()
        path.write_bytes(path.read_bytes()[:-40] + bytes(40))
        assert verify(path).origin != "signed"
