from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.media import read_video, resize_frames, write_video
from ozora.trust.watermark import READ_SIDE, _middle, detect, mark
from tests.trust.clips import draw_clip

KEY = b"a key of this installation"
PAYLOAD = 0xC0FFEE42
CLIP = draw_clip(3)
MARKED = mark(CLIP, PAYLOAD, KEY)

Frames = NDArray[np.uint8]


def test_the_mark_is_faint_and_fainter_on_the_sky() -> None:
    assert MARKED.shape == CLIP.shape
    change = MARKED.astype(np.float64) - CLIP
    assert 10 * np.log10(255**2 / np.mean(change**2)) >= 40
    assert np.std(change[0, :40]) < np.std(change[0, 80:])


ATTACKS: dict[str, tuple[Callable[[Frames], Frames], float, bool]] = {
    "nothing": (lambda frames: frames, 1.0, False),
    "cropped": (lambda frames: frames[:, 9:-13, 21:-5], 1.0, False),
    "mirrored": (lambda frames: frames[:, :, ::-1], 1.0, True),
    "half the size": (lambda frames: resize_frames(frames, 64, 112), 0.5, False),
    "larger by half": (lambda frames: resize_frames(frames, 192, 336), 1.5, False),
    "brighter": (lambda frames: np.clip(frames * 1.2 + 8, 0, 255).astype(np.uint8), 1.0, False),
    "half the frames": (lambda frames: frames[::2], 1.0, False),
    "one frame": (lambda frames: frames[5:6], 1.0, False),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_mark_survives(name: str) -> None:
    attack, scale, mirrored = ATTACKS[name]
    found = detect(np.ascontiguousarray(attack(MARKED)), KEY)
    assert found is not None
    assert found.payload == PAYLOAD
    assert found.scale == pytest.approx(scale, rel=0.03)
    assert found.mirrored is mirrored
    assert 0.6 <= found.strength <= 1


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_the_mark_survives_a_file(tmp_path: Path, suffix: str) -> None:
    write_video(MARKED, Fraction(12), tmp_path / f"a{suffix}")
    found = detect(read_video(tmp_path / f"a{suffix}")[0], KEY)
    assert found is not None
    assert found.payload == PAYLOAD


def test_of_a_huge_picture_the_middle_is_enough() -> None:
    frames = np.random.default_rng(1).integers(60, 200, (1, 12, 16, 3)).astype(np.uint8)
    huge = np.repeat(np.repeat(frames, 200, axis=1), 200, axis=2)
    found = detect(mark(huge, PAYLOAD, KEY), KEY)
    assert found is not None and found.payload == PAYLOAD
    assert _middle(huge, READ_SIDE).shape == (1, READ_SIDE, READ_SIDE, 3)
    assert _middle(huge[:, :101], READ_SIDE).shape == (1, 101, READ_SIDE, 3)


def test_nothing_is_found_where_nothing_is() -> None:
    assert detect(CLIP, KEY) is None
    assert detect(MARKED, b"the key of another") is None


@pytest.mark.parametrize("shape", [(1, 16, 16, 3), (2, 17, 33, 3)])
def test_tiny_and_flat_pictures_pass_through(shape: tuple[int, ...]) -> None:
    flat = np.full(shape, 128, np.uint8)
    assert mark(flat, 1, KEY).shape == shape
    assert detect(flat, KEY) is None


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 400), (400, 1), (7, 9), (8, 8)])
def test_pictures_of_a_few_pixels_hold_nothing(height: int, width: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    assert detect(frames, bytes(32)) is None


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (51, 77)])
def test_the_mark_does_not_wrap_at_the_ends_of_a_byte(level: int, height: int, width: int) -> None:
    plain = np.full((2, height, width, 3), level, np.uint8)
    change = mark(plain, PAYLOAD, KEY).astype(int) - level
    assert 0 < np.abs(change).max() < 20
    assert (change[..., 0] == change[..., 2]).all()


def test_every_frame_and_every_row_is_marked_by_itself() -> None:
    odd = CLIP[:3, :51, :77]
    one_by_one = np.concatenate([mark(frame[None], PAYLOAD, KEY) for frame in odd])
    assert (mark(np.ascontiguousarray(odd), PAYLOAD, KEY) == one_by_one).all()
    assert ((one_by_one != odd).mean(axis=(2, 3)) > 0.1).all()
