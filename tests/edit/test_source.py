from __future__ import annotations

import hashlib
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import read_source
from ozora.errors import MediaError
from ozora.media import write_video
from tests.edit.clips import make_clip
from tests.media.films import Film, gray_frames, write_film


def test_a_source_knows_its_extent(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    assert (source.shape.frames, source.shape.height, source.shape.width, source.shape.fps) == (
        13,
        64,
        96,
        Fraction(12),
    )
    assert len(source.sha256) == 64


def test_pieces_are_in_seconds_of_the_file(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    piece = source.given(frame=4, first=6, frames=3)
    assert (piece.frame, piece.start_s, piece.end_s) == (4, Fraction(1, 2), Fraction(3, 4))
    assert source.given(frame=0).end_s is None


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match="convert it"):
        read_source(tmp_path / "a.mp4")


def test_a_clip_is_not_held_in_memory_to_learn_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(np.zeros((60, 480, 640, 3), np.uint8), Fraction(24), path)
    tracemalloc.start()
    try:
        source = read_source(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (source.shape.frames, source.shape.height, source.shape.width) == (60, 480, 640)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert most < 5 * 480 * 640 * 3, "some frames, not sixty"


def test_a_clip_that_is_too_large_is_refused(tmp_path: Path) -> None:
    write_video(np.zeros((1, 16, 2064, 3), np.uint8), Fraction(24), tmp_path / "a.mp4")
    with pytest.raises(MediaError, match="2064x16; make it 2048"):
        read_source(tmp_path / "a.mp4")


def test_a_source_says_what_was_done_to_it(tmp_path: Path) -> None:
    frames = gray_frames([10, 20, 30])
    assert read_source(write_film(tmp_path / "a.mp4", frames)).notes == ()
    source = read_source(write_film(tmp_path / "b.mp4", frames, Film(turn=(90, False))))
    assert source.notes == ("conform: turned upright",)
    assert (source.shape.height, source.shape.width) == (48, 32)
