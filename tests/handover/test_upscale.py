from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import MediaError, OutputError, OzoraError, SizeError
from ozora.handover.upscale import choose_size, lanczos, upscale
from ozora.media import read_footage, read_sound
from tests.handover.clips import make_finished


def _publish(parent: Path, path: Path, write: Callable[[Path], object]) -> Sequence[str]:
    write(path)
    return ()


def _tell(what: str, done: int, total: int) -> None:
    assert 1 <= done <= total, what


def test_twice_as_large_and_smoother_with_its_sound(tmp_path: Path) -> None:
    source = make_finished(tmp_path / "a.mp4", frames=12)
    path = tmp_path / "b.mp4"
    made = upscale(source, path, size="512x256", fps=Fraction(48), publish=_publish, tell=_tell)
    footage = read_footage(path)
    assert footage.frames.shape == (24, 256, 512, 3) == (made.frames, made.height, made.width, 3)
    assert footage.fps == 48
    assert footage.frames[::2, 9, 9, 0].tolist() == pytest.approx([8 * index for index in range(12)], abs=3)
    sound, before = read_sound(path, end_s=Fraction(1, 2)), read_sound(source, end_s=Fraction(1, 2))
    assert sound is not None and before is not None
    assert float(np.corrcoef(sound[:, 0], before[:, 0])[0, 1]) > 0.99


def test_lanczos_keeps_what_fits_and_enlarges_the_rest() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (16, 32, 3), dtype=np.uint8)
    assert next(lanczos(iter([picture]), 16, 32)) is picture
    assert next(lanczos(iter([picture]), 32, 64)).shape == (32, 64, 3)


def test_another_way_to_enlarge_fits_in(tmp_path: Path) -> None:
    def double(frames: Iterator[NDArray[np.uint8]], height: int, width: int) -> Iterator[NDArray[np.uint8]]:
        for frame in frames:
            yield frame.repeat(2, axis=0).repeat(2, axis=1)

    source = make_finished(tmp_path / "a.mp4", frames=2, sound=False)
    upscale(source, tmp_path / "b.mp4", size="512x256", publish=_publish, tell=_tell, enlarge=double)
    assert read_footage(tmp_path / "b.mp4").frames.shape == (2, 256, 512, 3)


@pytest.mark.parametrize(
    ("size", "clip", "chosen"),
    [
        ("", (256, 448), (256, 448)),
        ("1080p", (256, 448), (1080, 1920)),
        ("1080P", (448, 256), (1920, 1080)),
        ("720p", (300, 400), (720, 960)),
        ("4k", (256, 256), (2160, 2160)),
        ("896x512", (256, 448), (512, 896)),
    ],
)
def test_sizes(size: str, clip: tuple[int, int], chosen: tuple[int, int]) -> None:
    assert choose_size(size, *clip) == chosen


@pytest.mark.parametrize("size", ["huge", "1080", "100x100", "99999x99999", "1920x1920", "0x0", "-1x5", "1920x"])
def test_sizes_that_are_refused(size: str) -> None:
    with pytest.raises(SizeError):
        choose_size(size, 256, 448)


@pytest.mark.parametrize(
    ("name", "size", "fps", "error"),
    [
        ("b.gif", "4k", None, OutputError),
        ("b.txt", "4k", None, OutputError),
        ("b.mp4", "", None, SizeError),
        ("b.mp4", "", Fraction(24), SizeError),
        ("b.mp4", "", Fraction(1000), SizeError),
    ],
)
def test_what_cannot_be_done_is_refused_before_work(
    tmp_path: Path, name: str, size: str, fps: Fraction | None, error: type[OzoraError]
) -> None:
    source = make_finished(tmp_path / "a.mp4", frames=2)
    with pytest.raises(error):
        upscale(source, tmp_path / name, size=size, fps=fps, publish=_publish, tell=_tell)
    with pytest.raises(MediaError):
        upscale(tmp_path / "none.mp4", tmp_path / "b.mp4", size="4k", publish=_publish, tell=_tell)
    assert not (tmp_path / name).exists()
