from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ozora.errors import MediaError, OutputError
from ozora.media.video_file import VideoWriter, read_video, write_video

FILM = Fraction(24)
NTSC = Fraction(30000, 1001)


def _clip(frames: int = 8, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """A soft color gradient that moves: what codecs keep well."""
    time, rows, columns = np.mgrid[:frames, :height, :width]
    return np.stack([rows * 3, columns * 2, 90 + 4 * time + 0 * rows], axis=-1).clip(0, 255).astype(np.uint8)


def _difference(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> float:
    return float(np.abs(left.astype(int) - right.astype(int)).mean())


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("fps", [FILM, NTSC, Fraction(8)])
def test_round_trip_keeps_frames_rate_and_colors(tmp_path: Path, suffix: str, fps: Fraction) -> None:
    clip = _clip()
    write_video(clip, fps, tmp_path / f"a{suffix}")
    again, rate = read_video(tmp_path / f"a{suffix}")
    assert again.shape == clip.shape
    assert again.dtype == np.uint8
    assert rate == fps
    assert _difference(again, clip) < 3
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("color", [(230, 20, 30), (20, 200, 40), (30, 40, 220), (255, 255, 255), (0, 0, 0)])
def test_colors_stay_true(tmp_path: Path, color: tuple[int, int, int]) -> None:
    clip = np.full((3, 32, 32, 3), color, np.uint8)
    write_video(clip, FILM, tmp_path / "a.mp4")
    assert np.abs(read_video(tmp_path / "a.mp4")[0].astype(int) - clip).max() <= 5


def test_mp4_is_tagged_streams_at_once_and_carries_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(_clip(), FILM, path, metadata={"comment": "a red ball", "ozora": '{"seed": 7}'})
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.color_range) == ("yuv420p", 1)
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert container.metadata["ozora"] == '{"seed": 7}'
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(("height", "width"), [(1, 1), (33, 47), (64, 47), (33, 96)])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_odd_sizes(tmp_path: Path, suffix: str, height: int, width: int) -> None:
    clip = _clip(2, height, width)
    write_video(clip, FILM, tmp_path / f"a{suffix}")
    again, _ = read_video(tmp_path / f"a{suffix}")
    even = suffix == ".mp4"
    assert again.shape[1:3] == (height + (height % 2 if even else 0), width + (width % 2 if even else 0))
    assert _difference(again[:, :height, :width], clip) < 8


def test_gif_keeps_its_pace_and_has_good_colors(tmp_path: Path) -> None:
    clip = _clip(24)
    write_video(clip, FILM, tmp_path / "a.gif")
    again, _ = read_video(tmp_path / "a.gif")
    assert again.shape == clip.shape
    assert _difference(again, clip) < 10
    with Image.open(tmp_path / "a.gif") as picture:
        total_ms = 0
        for index in range(24):
            picture.seek(index)
            total_ms += picture.info["duration"]
    assert total_ms == 1000


def test_one_frame_as_a_picture(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.webp", "a.mp4"):
        write_video(_clip(1), FILM, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(OutputError, match="holds one picture"):
        write_video(_clip(2), FILM, tmp_path / "b.png")
    writer = VideoWriter(tmp_path / "c.png", height=64, width=96, fps=FILM)
    with pytest.raises(OutputError, match="holds one picture"), writer:
        for frame in _clip(2):
            writer.add(frame)
    assert not (tmp_path / "c.png").exists()


def test_sequence_of_pictures(tmp_path: Path) -> None:
    clip = _clip(3)
    write_video(clip, FILM, tmp_path / "frames" / "%04d.png", metadata={"prompt": "a"})
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == ["0001.png", "0002.png", "0003.png"]
    with Image.open(tmp_path / "frames" / "0002.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), clip[1])
    with pytest.raises(OutputError, match="there already"):
        write_video(clip, FILM, tmp_path / "frames" / "%04d.png")


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "f/%04d.png"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_nothing_half_written_stays(tmp_path: Path, name: str, stop: type[BaseException]) -> None:
    with (
        pytest.raises(stop),
        VideoWriter(tmp_path / name, height=64, width=96, fps=FILM) as writer,
    ):
        writer.add(_clip()[0])
        raise stop
    assert not list(tmp_path.iterdir())


def test_errors_of_the_caller_stay_what_they_are(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        VideoWriter(tmp_path / "a.mp4", height=64, width=96, fps=FILM),
    ):
        (tmp_path / "missing").read_text()


WRITE_NOISE = """
import sys, numpy as np
from fractions import Fraction
from pathlib import Path
from ozora.errors import OutputError
from ozora.media import write_video
noise = np.random.default_rng(0).integers(0, 255, (12, 128, 128, 3), dtype=np.uint8)
try:
    write_video(noise, Fraction(24), Path(sys.argv[1]))
except OutputError as error:
    sys.exit(str(error))
"""


def _write_noise(path: Path, limit_bytes: int | None = None) -> str:
    """Write about 200 kB of video in another process; returns what it says on its standard error."""

    def limit() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    command = [sys.executable, "-c", WRITE_NOISE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.returncode == 1, done.stderr
    return done.stderr.strip()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "new/%04d.png"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(small_disk: Path, name: str) -> None:
    said = _write_noise(small_disk / name)
    assert "the disk is full: free some space" in said
    assert "\n" not in said
    assert not list(small_disk.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_file_that_is_too_large_for_the_account(tmp_path: Path, name: str) -> None:
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    said = _write_noise(tmp_path / name, limit_bytes=20_000)
    assert "larger than this disk or account allows" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 5000, b"#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.ts\n"])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(MediaError, match="no video that can be read"):
        read_video(tmp_path / "a.mp4")


def test_missing_folder_and_sound_only(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        read_video(tmp_path / "a.mp4")
    with pytest.raises(MediaError, match="is a folder"):
        read_video(tmp_path)
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="no pictures"):
        read_video(tmp_path / "a.mp4")


def test_a_cut_off_video_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "a.mp4"
    write_video(rng.integers(0, 255, (12, 64, 64, 3), dtype=np.uint8), FILM, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError, match="damaged"):
        read_video(path)


def test_bounds(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(_clip(8, 32, 32), FILM, path)
    assert len(read_video(path, max_frames=8, max_pixels=8 * 32 * 32)[0]) == 8
    with pytest.raises(MediaError, match="more than 7 frames"):
        read_video(path, max_frames=7)
    with pytest.raises(MediaError, match="larger than"):
        read_video(path, max_pixels=8 * 32 * 32 - 1)


def test_rotation_of_a_phone_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    clip = _clip(2)
    write_video(clip, FILM, path)
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # ISO 14496-12: the matrix of a version 0 track header
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 64 * one, 0, 1 << 30)
    path.write_bytes(bytes(content))
    again, _ = read_video(path)
    assert again.shape == (2, 96, 64, 3)
    assert _difference(again, np.rot90(clip, -1, axes=(1, 2))) < 3
