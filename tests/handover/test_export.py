from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from ozora.errors import MediaError, OutputError, SizeError
from ozora.handover.export import Order, Package, export
from ozora.media import read_footage, sidecar, write_image
from tests.handover.clips import make_finished


def _publish(parent: Path, path: Path, write: Callable[[Path], object]) -> Sequence[str]:
    """Signs nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    return (f"{path.name} of {parent.name}",)


def _export(files: Sequence[Path], order: Order, folder: Path) -> tuple[Package, list[tuple[str, int, int]]]:
    told: list[tuple[str, int, int]] = []
    package = export(files, order, folder, publish=_publish, tell=lambda *step: told.append(step))
    return package, told


def _levels(path: Path) -> list[int]:
    return [round(level / 8) for level in read_footage(path).frames[:, 9, 9, 0].tolist()]


def test_two_clips_with_handles(tmp_path: Path) -> None:
    files = [make_finished(tmp_path / "a.mp4"), make_finished(tmp_path / "b c.mp4", frames=12, sound=False)]
    package, told = _export(files, Order(target="premiere", handle=3), tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in package.files]
    assert names == ["timeline.xml", "media/a.mov", "media/b-c.mov", "captions.srt", "captions.vtt"]
    assert _levels(tmp_path / "out/media/a.mov") == list(range(24))
    assert _levels(tmp_path / "out/media/b-c.mov") == list(range(12))
    assert told[-1] == ("b-c", 12, 12)
    back = otio.adapters.read_from_file(str(package.files[0]))
    clips = list(back.video_tracks()[0].find_clips())
    assert [clip.source_range.duration.value for clip in clips] == [18, 6]
    for clip, path in zip(clips, package.files[1:3], strict=True):
        assert clip.media_reference.target_url == path.as_uri()
        with av.open(str(path)) as container:
            assert container.streams.video[0].frames == clip.available_range().duration.value
            assert container.streams.video[0].metadata["timecode"] == "01:00:00:00"
    srt = (tmp_path / "out/captions.srt").read_text()
    assert "00:00:00,000 --> 00:00:00,375\na red ball rolls left" in srt
    assert "00:00:00,750 --> 00:00:01,000\na red ball rolls left" in srt
    assert any("a.mov of a.mp4" in note for note in package.notes)


def test_a_rate_without_timecode_is_doubled(tmp_path: Path) -> None:
    path = make_finished(tmp_path / "a.mp4", frames=6, fps=Fraction(12))
    package, _ = _export([path], Order(target="otio"), tmp_path / "out")
    assert _levels(tmp_path / "out/media/a.mov") == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert any("12 frames a second brought to 24" in note for note in package.notes)


def test_pictures_with_a_wav_and_real_alpha(tmp_path: Path) -> None:
    matte = np.zeros((128, 256, 3), np.uint8)
    matte[:, :128] = 255
    write_image(matte, tmp_path / "matte.png")
    path = make_finished(tmp_path / "a.mp4", frames=4)
    order = Order(target="otio", kind="png", matte=tmp_path / "matte.png")
    package, _ = _export([path], order, tmp_path / "out")
    media = tmp_path / "out" / "media"
    assert sorted(item.name for item in media.rglob("*.*")) == ["0001.png", "0002.png", "0003.png", "0004.png", "a.wav"]
    with Image.open(media / "a" / "0003.png") as picture:
        pixels = np.asarray(picture)
    assert pixels[9, [9, 200], 3].tolist() == [255, 0]
    assert pixels[9, 200, 0] == pytest.approx(16, abs=2)
    clip = next(iter(otio.adapters.read_from_file(str(package.files[0])).find_clips()))
    assert clip.media_reference.target_url_for_image_number(3) == "media/a/0004.png"
    with pytest.raises(OutputError, match="there already"):
        _export([path], order, tmp_path / "out")


def test_without_a_record_it_says_so(tmp_path: Path) -> None:
    path = make_finished(tmp_path / "a.mp4", frames=4)
    sidecar(path).unlink()
    package, _ = _export([path], Order(target="edl"), tmp_path / "out")
    assert any("no subtitles" in note for note in package.notes)
    assert not (tmp_path / "out" / "captions.srt").exists()


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (Order(target="premiere", kind="exr"), OutputError),
        (Order(target="otio", timecode="noon"), SizeError),
        (Order(target="otio", handle=12), SizeError),
        (Order(target="otio", handle=-1), SizeError),
        (Order(target="otio", matte=Path("m.png")), OutputError),
    ],
)
def test_what_cannot_be_done_is_refused_before_work(tmp_path: Path, order: Order, error: type[Exception]) -> None:
    path = make_finished(tmp_path / "a.mp4")
    with pytest.raises(error):
        _export([path], order, tmp_path / "out")
    with pytest.raises(MediaError):
        _export([path, tmp_path / "none.mp4"], Order(target="otio"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
