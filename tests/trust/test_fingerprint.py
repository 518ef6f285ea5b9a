from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from ozora.media import read_video, resize_frames, write_video
from ozora.trust.fingerprint import SIMILAR, SIZE_BYTES, FrameSampler, distance, fingerprint, measure_likeness
from tests.trust.clips import draw_clip

CLIP = draw_clip(1, frames=24)


def test_the_same_clip_has_no_distance() -> None:
    assert len(fingerprint(CLIP)) == SIZE_BYTES
    assert distance(fingerprint(CLIP), fingerprint(CLIP)) == 0


def test_frames_may_come_one_by_one() -> None:
    for frames in (CLIP, CLIP[:1], CLIP[:5]):
        sampler = FrameSampler(len(frames))
        for frame in frames:
            sampler.add(frame)
        assert sampler.fingerprint() == fingerprint(frames)


def test_a_piece_of_a_clip_is_nearer_than_the_order_of_its_frames_says() -> None:
    piece, whole = fingerprint(CLIP[6:18]), fingerprint(CLIP)
    assert measure_likeness(piece, whole) < 12 < distance(piece, whole)
    assert measure_likeness(fingerprint(draw_clip(9)), fingerprint(CLIP)) > SIMILAR


def test_copies_stay_near(tmp_path: Path) -> None:
    write_video(CLIP, Fraction(12), tmp_path / "a.webm")
    brighter = np.clip(CLIP * 1.1 + 5, 0, 255).astype(np.uint8)
    copies = [read_video(tmp_path / "a.webm")[0], resize_frames(CLIP, 64, 112), brighter, CLIP[::2]]
    assert max(distance(fingerprint(CLIP), fingerprint(copy)) for copy in copies) < SIMILAR


def test_other_clips_are_far() -> None:
    far = [distance(fingerprint(CLIP), fingerprint(draw_clip(seed))) for seed in range(2, 10)]
    assert min(far) > SIMILAR


def test_one_frame_is_enough() -> None:
    assert len(fingerprint(CLIP[:1])) == SIZE_BYTES
