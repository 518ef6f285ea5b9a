from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ozora.errors import MediaError, OutputError
from ozora.media import write_video
from ozora.media.sound_file import SOUND_RATE, Piece, Sound, cut_sound, holds_sound, lay_sound, read_sound
from tests.media.films import gray_frames, tone

CLIP = np.stack(gray_frames([50] * 24))


def _clip(path: Path, sound: Sound, frames: int = 24) -> Path:
    write_video(CLIP[:1].repeat(frames, axis=0), Fraction(24), path, sound=sound)
    return path


def _delay(sound: Sound, original: Sound) -> int:
    """By how many samples ``sound`` comes later, from -2000 to 2000."""
    left, right = sound[:, 0], np.pad(original[:, 0], (0, len(sound) - len(original)))
    size = 2 * len(left)
    product = np.fft.irfft(np.fft.rfft(left, size) * np.conj(np.fft.rfft(right, size)), size)
    return int(np.concatenate([product[-2000:], product[:2000]]).argmax()) - 2000


def _noise(seconds: float) -> Sound:
    return np.random.default_rng(0).uniform(-0.3, 0.3, (round(seconds * SOUND_RATE), 2)).astype(np.float32)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_round_trip_keeps_the_sound_in_its_place(tmp_path: Path, suffix: str) -> None:
    original = np.zeros((SOUND_RATE, 2), np.float32)
    original[12_000:36_000] = _noise(0.5)
    again = read_sound(_clip(tmp_path / f"a{suffix}", original), end_s=Fraction(1))
    assert again is not None
    assert again.shape == (SOUND_RATE, 2) and again.dtype == np.float32
    assert abs(_delay(again, original)) <= 48  # a millisecond
    assert np.abs(again[:11_000]).max() < 0.02
    assert again[13_000:35_000].std() == pytest.approx(original[13_000:35_000].std(), rel=0.15)


def test_what_is_longer_than_the_pictures_is_left_out_and_shorter_ends_early(tmp_path: Path) -> None:
    long = read_sound(_clip(tmp_path / "a.mp4", tone(3)))
    short = read_sound(_clip(tmp_path / "b.mp4", tone(0.25)))
    assert long is not None and short is not None
    assert len(long) == pytest.approx(SOUND_RATE, abs=1100)
    assert len(short) == pytest.approx(SOUND_RATE / 4, abs=1100)


def test_a_piece_is_read_from_its_second_on(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", np.concatenate([tone(0.5, level=0), tone(0.5)]))
    piece = read_sound(path, start_s=Fraction(3, 4), end_s=Fraction(3, 2))
    assert piece is not None
    assert len(piece) == 36_000
    assert np.abs(piece[2000:11_000]).max() == pytest.approx(0.5, abs=0.05)
    assert not piece[14_000:].any()


def test_mono_of_another_rate_becomes_stereo(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=22_050, layout="mono")
        samples = (np.sin(np.arange(22_050) * 2 * np.pi * 440 / 22_050) * 16_000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 22_050
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = read_sound(tmp_path / "a.mkv")
    assert sound is not None
    assert len(sound) == pytest.approx(SOUND_RATE, abs=64)
    np.testing.assert_allclose(sound[:, 0], sound[:, 1])
    spectrum = np.abs(np.fft.rfft(sound[:, 0]))
    assert spectrum.argmax() * SOUND_RATE / len(sound) == pytest.approx(440, abs=2)


def test_a_silent_clip_has_none(tmp_path: Path) -> None:
    write_video(CLIP, Fraction(24), tmp_path / "a.mp4")
    assert read_sound(tmp_path / "a.mp4") is None
    pieces = [Piece(path=tmp_path / "a.mp4", start_s=Fraction(0), end_s=Fraction(1), at_s=Fraction(0))]
    assert lay_sound(pieces, Fraction(2)) is None
    assert lay_sound([], Fraction(2)) is None


def test_damaged_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError, match="sound"):
        read_sound(tmp_path / "a.mp4")
    with pytest.raises(MediaError, match="longer than 3600 s"):
        read_sound(tmp_path / "a.mp4", end_s=Fraction(4000))


def test_pieces_land_where_they_are_told_and_fade_at_the_cuts(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", tone(1))
    first = Piece(path=path, start_s=Fraction(1, 4), end_s=Fraction(3, 4), at_s=Fraction(1, 2))
    sound = lay_sound([first], Fraction(2))
    assert sound is not None
    assert sound.shape == (2 * SOUND_RATE, 2)
    assert not sound[:24_000].any() and not sound[48_000:].any()
    assert np.abs(sound[24_000:24_020]).max() < 0.03
    assert np.abs(sound[47_980:48_000]).max() < 0.03
    assert np.abs(sound[25_000:47_000]).max() == pytest.approx(0.5, abs=0.05)


def test_a_file_that_goes_on_has_no_fade_between(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", tone(1))
    halves = [
        Piece(path=path, start_s=Fraction(0), end_s=Fraction(1, 2), at_s=Fraction(1)),
        Piece(path=path, start_s=Fraction(1, 2), end_s=Fraction(1), at_s=Fraction(3, 2)),
    ]
    whole = [Piece(path=path, start_s=Fraction(0), end_s=Fraction(1), at_s=Fraction(1))]
    left, right = lay_sound(halves, Fraction(2)), lay_sound(whole, Fraction(2))
    assert left is not None and right is not None
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_overlaps_are_mixed_and_the_edges_are_cut(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", tone(1))
    pieces = [Piece(path=path, start_s=Fraction(0), end_s=Fraction(1), at_s=Fraction(at, 2)) for at in (-1, 0, 0, 0)]
    sound = lay_sound(pieces, Fraction(1, 2))
    assert sound is not None
    assert len(sound) == 24_000
    assert np.abs(sound).max() == 1


def test_cut_sound_is_silent_outside() -> None:
    sound = np.ones((48_000, 2), np.float32)
    cut = cut_sound(sound, Fraction(-1, 2), Fraction(3, 2))
    assert len(cut) == 96_000
    assert cut[24_000:72_000].all() and not cut[:24_000].any() and not cut[72_000:].any()


def test_formats_without_sound_say_so(tmp_path: Path) -> None:
    assert holds_sound(Path("a.MP4")) and not holds_sound(Path("a.gif"))
    with pytest.raises(OutputError, match="holds no sound"):
        write_video(CLIP, Fraction(24), tmp_path / "a.gif", sound=tone(1))
    assert not list(tmp_path.iterdir())
