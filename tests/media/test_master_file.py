from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ozora.errors import OutputError, SizeError
from ozora.media import read_footage, read_sound
from ozora.media.master_file import MASTERS, Kind, MasterForm, check_master, write_master, write_wav
from ozora.media.output_file import number
from tests.media.films import tone

NTSC = Fraction(30000, 1001)
HEIGHT, WIDTH = 128, 256


def _clip(frames: int = 4) -> NDArray[np.uint8]:
    time, rows, columns = np.mgrid[:frames, :HEIGHT, :WIDTH]
    return np.stack([rows, columns // 2, 90 + 20 * time], axis=-1).clip(0, 255).astype(np.uint8)


def _form(kind: Kind, fps: Fraction = Fraction(24)) -> MasterForm:
    return MasterForm(kind=kind, height=HEIGHT, width=WIDTH, fps=fps, timecode="01:02:03:04", sound=None)


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), NTSC])
@pytest.mark.parametrize(
    ("kind", "codec", "profile"),
    [("prores", "prores", "HQ"), ("prores4444", "prores", "4444"), ("dnxhr", "dnxhd", "DNXHR HQX")],
)
def test_movies_read_back(tmp_path: Path, kind: Kind, codec: str, profile: str, fps: Fraction) -> None:
    path = tmp_path / "a.mov"
    form = MasterForm(kind=kind, height=HEIGHT, width=WIDTH, fps=fps, timecode="01:02:03:04", sound=tone(4 / 24))
    write_master(_clip(), path, form)
    footage = read_footage(path)
    assert footage.fps == fps
    assert footage.frames.shape == (4, HEIGHT, WIDTH, 3)
    assert np.abs(footage.frames.astype(int) - _clip()).mean() < 2
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.profile) == (codec, profile)
        assert video.metadata["timecode"] == "01:02:03:04"
        assert container.streams.data[0].metadata["handler_name"] == "TimeCodeHandler"
        assert container.streams.audio[0].codec_context.name == "pcm_s24le"
    sound = read_sound(path)
    assert sound is not None
    length = min(len(sound), round(4 / fps * 48_000))
    np.testing.assert_allclose(sound[:length], np.pad(tone(4 / 24), ((0, 9999), (0, 0)))[:length], atol=1e-6)


@pytest.mark.parametrize("kind", ["prores4444", "exr", "png", "tiff"])
def test_real_alpha(tmp_path: Path, kind: Kind) -> None:
    matte = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, axis=0)
    path = tmp_path / ("a.mov" if kind == "prores4444" else f"%04d.{kind}")
    write_master(_clip(2), path, _form(kind), matte=[matte] * 5)
    if kind in ("png", "tiff"):
        with Image.open(number(path, 2)) as picture:
            rgba = np.asarray(picture)
    else:
        with av.open(str(path if kind == "prores4444" else number(path, 2))) as container:
            frames = list(container.decode(video=0))
            rgba = frames[-1].reformat(format="rgba").to_ndarray()
    assert np.abs(rgba[..., 3].astype(int) - matte).max() <= 1
    if kind != "exr":
        assert np.abs(rgba[..., :3].astype(int) - _clip(2)[1]).mean() < 2


def test_exr_is_linear_light(tmp_path: Path) -> None:
    write_master(_clip(2), tmp_path / "%04d.exr", _form("exr"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.exr", "0002.exr"]
    with av.open(str(tmp_path / "0002.exr")) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "gbrpf16le"
        planes = [np.frombuffer(bytes(frame.planes[index]), np.float16) for index in (2, 0, 1)]
        light = np.stack([plane.reshape(HEIGHT, -1)[:, :WIDTH] for plane in planes], axis=-1)
    codes = light.astype(np.float64) ** (1 / 2.4) * 255
    assert np.abs(codes - _clip(2)[1]).max() < 0.6


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_pictures_are_the_same_bit_for_bit(tmp_path: Path, kind: Kind) -> None:
    write_master(_clip(3), tmp_path / f"%04d.{kind}", _form(kind))
    for index in (1, 2, 3):
        with Image.open(tmp_path / f"000{index}.{kind}") as picture:
            np.testing.assert_array_equal(np.asarray(picture), _clip(3)[index - 1])


def test_odd_sizes_of_prores(tmp_path: Path) -> None:
    form = MasterForm(kind="prores", height=63, width=47, fps=Fraction(24), timecode="00:00:00:00")
    write_master(_clip()[:, :63, :47], tmp_path / "a.mov", form)
    assert read_footage(tmp_path / "a.mov").frames.shape == (4, 63, 47, 3)


def test_what_cannot_be_written_is_refused_before() -> None:
    with pytest.raises(SizeError, match="begins at 256x120"):
        check_master(MasterForm(kind="dnxhr", height=64, width=96, fps=Fraction(24), timecode=""), matte=False)
    with pytest.raises(OutputError, match="prores4444, exr, png, tiff"):
        check_master(_form("prores"), matte=True)
    for kind in MASTERS:
        assert MASTERS[kind].numbered == (kind in ("exr", "png", "tiff"))


def test_wav_is_24_bit(tmp_path: Path) -> None:
    write_wav(tone(0.25), tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            2,
            3,
            48_000,
            12_000,
        )
    sound = read_sound(tmp_path / "a.wav")
    assert sound is not None
    np.testing.assert_allclose(sound, tone(0.25), atol=1e-6)
