from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from ozora.errors import MediaError
from ozora.media import write_video
from ozora.media.decoding_room import ROOM
from ozora.media.demuxers import MAX_STREAMS, PICTURES, only
from ozora.media.footage import Footage, FootageReader, measure_footage, read_footage
from tests.media.films import Film, gray_frames, tone, write_film

HDR = (int(Colorspace.BT2020), int(ColorTrc.SMPTE2084), int(ColorPrimaries.BT2020))


def _corners() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Red, green, blue and white quarters, to tell all eight orientations apart."""
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[:16, :24], picture[:16, 24:] = (230, 20, 30), (20, 200, 40)
    picture[16:, :24], picture[16:, 24:] = (30, 40, 220), (250, 250, 250)
    return picture


def _close(left: np.ndarray, right: np.ndarray) -> bool:
    """But for the edges, where chroma has half the size."""
    return left.shape == right.shape and float(np.percentile(np.abs(left.astype(int) - right), 70)) < 4


def test_a_common_clip_needs_no_notes(tmp_path: Path) -> None:
    write_video(np.stack(gray_frames([10, 60, 110])), Fraction(24), tmp_path / "a.mp4", sound=tone(0.125))
    footage = read_footage(tmp_path / "a.mp4")
    assert footage.fps == 24
    assert footage.notes == ()
    assert footage.frames[:, 5, 5, 0].tolist() == pytest.approx([10, 60, 110], abs=2)
    assert footage.sound is not None
    assert footage.sound.shape == (6000, 2)


def test_a_variable_rate_is_resampled_by_its_timestamps(tmp_path: Path) -> None:
    times = (0, 33, 67, 100, 133, 300, 317, 333, 367, 400)
    film = Film(times_ms=times, options=(("bf", "0"),))
    write_film(tmp_path / "a.mp4", gray_frames([20 * index for index in range(10)]), film)
    footage = read_footage(tmp_path / "a.mp4")
    assert footage.fps == 30
    assert len(footage.notes) == 1
    assert footage.notes[0].startswith("conform: variable frame rate, ")
    assert footage.notes[0].endswith(", brought to 30")
    shown = (footage.frames[:, 5, 5, 0] / 20).round().astype(int).tolist()
    assert shown[:9] == [0, 1, 2, 3, 4, 4, 4, 4, 4]
    assert shown[9:12] == [5, 7, 8]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_orientation_is_that_of_a_player(tmp_path: Path, degrees: int, mirrored: bool) -> None:
    """As FFmpeg means it: the display matrix turns counterclockwise, then mirrors."""
    picture = _corners()
    write_film(tmp_path / "a.mp4", [picture] * 2, Film(turn=(degrees, mirrored)))
    footage = read_footage(tmp_path / "a.mp4")
    upright = np.rot90(picture, degrees // 90)
    expected = upright[:, ::-1] if mirrored else upright
    assert _close(footage.frames[0], expected)
    assert footage.notes == (
        () if (degrees, mirrored) == (0, False) else (f"conform: {'mirrored back' if mirrored else 'turned upright'}",)
    )


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [("mov", "prores_ks", "yuva444p10le"), ("webm", "libvpx-vp9", "yuva420p"), ("mov", "png", "rgba")],
)
def test_transparency_is_laid_over_gray(tmp_path: Path, suffix: str, codec: str, pix_fmt: str) -> None:
    options = {"prores_ks": (("profile", "4"), ("alpha_bits", "16")), "libvpx-vp9": (("auto-alt-ref", "0"),)}
    picture = np.full((32, 48, 4), (230, 20, 30, 255), np.uint8)
    picture[:16, :, 3] = 0
    film = Film(codec=codec, pix_fmt=pix_fmt, given="rgba", options=options.get(codec, ()))
    path = write_film(tmp_path / f"a.{suffix}", [picture] * 2, film)
    footage = read_footage(path)
    assert footage.frames[0, 4, 4].tolist() == pytest.approx([128, 128, 128], abs=3)
    assert footage.frames[0, 28, 4].tolist() == pytest.approx([230, 20, 30], abs=6)
    assert "conform: transparency laid over gray" in footage.notes


def test_ten_bits_keep_their_colors(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", [_corners()] * 2, Film(pix_fmt="yuv420p10le"))
    footage = read_footage(tmp_path / "a.mp4")
    assert _close(footage.frames[0], _corners())
    assert footage.notes == ("conform: color of 10 bits brought to 8",)


def test_hdr_comes_to_a_common_screen(tmp_path: Path) -> None:
    """100 cd/m2 of gray is code 190 of an ordinary picture (see test_color), not the 130 of its PQ signal."""
    level = round(0.508078 * 65535)
    matrix, transfer, primaries = HDR
    film = Film(pix_fmt="yuv420p10le", given="rgb48le", matrix=matrix, transfer=transfer, primaries=primaries)
    write_film(tmp_path / "a.mp4", [np.full((32, 48, 3), level, np.uint16)] * 2, film)
    footage = read_footage(tmp_path / "a.mp4")
    assert footage.frames[0, 9, 9].tolist() == pytest.approx([190, 190, 190], abs=2)
    assert footage.notes == ("conform: HDR (PQ) brought to the range of a common screen",)


def test_fields_are_joined(tmp_path: Path) -> None:
    """A bar that moves between the two fields of a frame leaves no comb."""
    frames = []
    for index in range(6):
        picture = np.full((64, 96, 3), 20, np.uint8)
        picture[0::2, 8 * index : 8 * index + 16] = 220
        picture[1::2, 8 * index + 4 : 8 * index + 20] = 220
        frames.append(picture)
    film = Film(options=(("flags", "+ildct+ilme"), ("crf", "4"), ("x264-params", "tff=1")), fps=Fraction(25))
    write_film(tmp_path / "a.mp4", frames, film)
    footage = read_footage(tmp_path / "a.mp4")
    assert footage.fps == 25
    assert footage.notes == ("conform: interlaced fields joined to whole frames",)
    assert footage.frames.shape == (6, 64, 96, 3)
    rows = footage.frames[3, 8:56, :, 0].astype(int)
    before = frames[3][8:56, :, 0].astype(int)
    assert np.abs(np.diff(rows, axis=0)).mean() < 0.25 * np.abs(np.diff(before, axis=0)).mean()


def test_pixels_become_square(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", [_corners()] * 2, Film(shape=Fraction(4, 3)))
    footage = read_footage(tmp_path / "a.mp4")
    assert footage.frames.shape == (2, 32, 64, 3)
    assert footage.notes == ("conform: pixels of 4:3 made square",)


def test_an_untagged_large_picture_is_taken_for_bt709(tmp_path: Path) -> None:
    picture = np.full((720, 64, 3), (230, 20, 30), np.uint8)
    path = tmp_path / "a.mkv"
    write_film(path, [picture], Film(codec="ffv1"))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = 720, 64, "yuv420p"
        tagged = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", src_color_range=2, dst_colorspace=1, dst_color_range=1
        )
        container.mux(stream.encode(av.VideoFrame.from_ndarray(tagged.to_ndarray(), format="yuv420p")))
        container.mux(stream.encode(None))
    assert read_footage(path).frames[0, 9, 9].tolist() == pytest.approx([230, 20, 30], abs=3)


def test_a_long_clip_is_read_frame_by_frame(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", gray_frames([index % 200 for index in range(60)]))
    with FootageReader(tmp_path / "a.mp4") as reader:
        assert reader.fps == 24
        assert (reader.height, reader.width, reader.num_frames) == (32, 48, 60)
        levels = [int(frame[5, 5, 0]) for frame in reader]
    assert levels == pytest.approx([index % 200 for index in range(60)], abs=3)
    with pytest.raises(MediaError, match="more than 59 frames"), FootageReader(tmp_path / "a.mp4", max_frames=59):
        raise AssertionError("it opens")


def test_a_gap_of_days_is_not_filled(tmp_path: Path) -> None:
    film = Film(times_ms=(0, 40, 80, 200_000_000), options=(("bf", "0"),))
    write_film(tmp_path / "a.mkv", gray_frames([1, 2, 3, 4]), film)
    with pytest.raises(MediaError, match=r"more than (3600|7200) frames"):
        read_footage(tmp_path / "a.mkv")


def test_footage_is_a_value() -> None:
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    assert Footage(frames=frames, fps=Fraction(24)).notes == ()


@pytest.fixture
def narrow() -> Iterator[None]:
    """This process decodes up to 100 MB at once."""
    ROOM.limit(100_000_000)
    yield
    ROOM.limit(None)


def test_frames_that_do_not_fit_the_room_are_refused_by_their_head(narrow: None, tmp_path: Path) -> None:
    write_video(np.zeros((1, 1080, 1920, 3), np.uint8), Fraction(24), tmp_path / "fits.mp4")
    with FootageReader(tmp_path / "fits.mp4") as reader:
        assert 60_000_000 < ROOM.taken_bytes < 80_000_000
        assert len(list(reader)) == 1
    write_video(np.zeros((1, 1600, 2560, 3), np.uint8), Fraction(24), tmp_path / "large.mp4")
    with pytest.raises(MediaError, match="frames of 2560x1600"), FootageReader(tmp_path / "large.mp4"):
        pass
    assert ROOM.taken_bytes == 0


def test_a_clip_that_is_kept_counts_as_a_whole(narrow: None, tmp_path: Path) -> None:
    write_video(np.zeros((30, 512, 512, 3), np.uint8), Fraction(24), tmp_path / "a.mp4")
    with FootageReader(tmp_path / "a.mp4", keeps_all=True):
        assert ROOM.taken_bytes > 30 * 512 * 512 * 3
    assert read_footage(tmp_path / "a.mp4").frames.shape == (30, 512, 512, 3)
    assert measure_footage(tmp_path / "a.mp4") == 30 * 512 * 512


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"max_side": 40}, "48x32; make it 40"),
        ({"max_frames": 2}, "more than 2"),
        ({"max_pixels": 4000}, "larger than"),
    ],
)
def test_a_reader_has_bounds(bounds: dict[str, int], said: str, tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", gray_frames([10, 20, 30]))
    with pytest.raises(MediaError, match=said), FootageReader(tmp_path / "a.mp4", **bounds):  # type: ignore[arg-type]
        pass


def test_films_without_end_are_ended(tmp_path: Path) -> None:
    """By what the timestamps say, by the number of packets, by the number of streams: all within seconds."""
    frames = gray_frames([10, 20, 30])
    week = write_film(tmp_path / "week.mkv", frames, Film(times_ms=(0, 40, 30_000_000)))
    write_film(tmp_path / "a.ts", frames)
    endless = tmp_path / "endless.ts"
    endless.write_bytes((tmp_path / "a.ts").read_bytes() * 5000)
    crowded = tmp_path / "crowded.mkv"
    with av.open(crowded, "w") as container:
        picture = container.add_stream("libx264", rate=24)
        picture.width, picture.height = 48, 32
        streams = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(200)]
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), format="s16", layout="mono")
        sound.sample_rate, sound.pts = 8000, 0
        for stream in streams:
            container.mux(stream.encode(sound))
        container.mux(picture.encode(av.VideoFrame(48, 32, "yuv420p")))
        container.mux(picture.encode(None))
    began = time.monotonic()
    for path in (week, endless):
        with pytest.raises(MediaError, match=r"more than (3600|7200) frames"):
            read_footage(path)
    with av.open(crowded, options=only(PICTURES)) as container:
        assert len(container.streams) == MAX_STREAMS, "the others are not looked into"
    assert len(read_footage(crowded).frames) == 1
    assert time.monotonic() - began < 6
