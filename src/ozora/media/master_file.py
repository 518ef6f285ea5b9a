"""Files for editing software: every frame for itself, hardly compressed, with a timecode.

ProRes and DNxHR in QuickTime with 24-bit sound and a timecode track; numbered pictures with the sound in a WAV beside
them. EXR holds linear light as half floats (BT.1886 taken off, as compositors expect), the others BT.709. What FFmpeg's
encoders can do was measured: DNxHR begins at 256x120 pixels, a ProRes 4444 alpha of 8 bits comes back within 1.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from ozora.errors import OutputError, SizeError
from ozora.media.footage import SMOOTH
from ozora.media.output_file import number
from ozora.media.sound_file import SOUND_RATE, Sound, SoundTrack

Picture = NDArray[np.uint8]
Kind = Literal["prores", "prores4444", "dnxhr", "exr", "png", "tiff"]

_GAMMA = 2.4  # BT.1886


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """One kind: what FFmpeg is told. ``pattern`` is the end of its file name."""

    pattern: str
    codec: str = ""
    pix_fmt: str = ""
    options: tuple[tuple[str, str], ...] = ()
    alpha: bool = False
    least: tuple[int, int] = (1, 1)

    @property
    def numbered(self) -> bool:
        """Whether it is a folder of pictures."""
        return "%" in self.pattern


MASTERS: dict[str, Master] = {
    "prores": Master(
        pattern=".mov",
        codec="prores_ks",
        pix_fmt="yuv422p10le",
        options=(("profile", "3"), ("vendor", "apl0")),  # 422 HQ; some programs ask for Apple's name
    ),
    "prores4444": Master(
        pattern=".mov",
        codec="prores_ks",
        pix_fmt="yuva444p10le",
        options=(("profile", "4"), ("alpha_bits", "16"), ("vendor", "apl0")),
        alpha=True,
    ),
    "dnxhr": Master(
        pattern=".mov",
        codec="dnxhd",
        pix_fmt="yuv422p10le",
        options=(("profile", "dnxhr_hqx"),),
        least=(256, 120),
    ),
    "exr": Master(
        pattern="/%04d.exr",
        codec="exr",
        pix_fmt="gbrpf32le",
        options=(("compression", "zip16"), ("format", "half")),
        alpha=True,
    ),
    "png": Master(pattern="/%04d.png", alpha=True),
    "tiff": Master(pattern="/%04d.tiff", alpha=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterForm:
    """What a master is written with. ``timecode`` is of its first frame, "01:00:00:00"; ``fps`` counts its frames."""

    kind: Kind
    height: int
    width: int
    fps: Fraction
    timecode: str
    sound: Sound | None = None


def check_master(form: MasterForm, *, matte: bool) -> None:
    """Raise ``SizeError`` or ``OutputError`` now for what ``write_master`` could not write."""
    master = MASTERS[form.kind]
    width, height = master.least
    if form.width < width or form.height < height:
        raise SizeError(f"{form.kind} begins at {width}x{height} pixels, not {form.width}x{form.height}; take prores")
    if matte and not master.alpha:
        able = ", ".join(name for name, other in MASTERS.items() if other.alpha)
        raise OutputError(f"{form.kind} holds no transparency; take one of {able}")


def write_master(
    frames: Iterable[Picture], path: Path, form: MasterForm, *, matte: Iterable[Picture] | None = None
) -> None:
    """Write ``frames`` (each h w 3) straight to ``path``, which for pictures is a pattern such as ``a/%04d.png``.

    ``matte`` has a picture [h, w] for each frame: 255 where it is opaque. Colors are not multiplied by it.
    """
    check_master(form, matte=matte is not None)
    master = MASTERS[form.kind]
    pictures = _with_alpha(frames, matte)
    if not master.numbered:
        _write_movie(pictures, path, form, master)
        return
    for index, picture in enumerate(pictures, start=1):
        target = number(path, index)
        if form.kind == "exr":
            _write_exr(picture, target, form, master)
        else:
            compression = {"compression": "tiff_deflate"} if form.kind == "tiff" else {}
            Image.fromarray(picture).save(target, **compression)


def write_wav(sound: Sound, path: Path) -> None:
    """Write sound as 24-bit PCM."""
    codes = np.clip(np.rint(sound * 8_388_607), -8_388_608, 8_388_607).astype("<i4")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(SOUND_RATE)
        file.writeframes(codes.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())


def _with_alpha(frames: Iterable[Picture], matte: Iterable[Picture] | None) -> Iterator[Picture]:
    """Frames [h, w, 3], or [h, w, 4] where there is a matte, which may go on for longer."""
    for frame, alpha in zip(frames, repeat(None) if matte is None else matte, strict=False):
        yield frame if alpha is None else np.dstack([frame, alpha])


def _write_movie(pictures: Iterable[Picture], path: Path, form: MasterForm, master: Master) -> None:
    with av.open(str(path), "w") as container:
        stream = _open_stream(container, form, master)
        stream.metadata["timecode"] = form.timecode
        track = None if form.sound is None else SoundTrack(container, "pcm_s24le", form.sound)
        for index, picture in enumerate(pictures):
            frame = _to_frame(picture, master)
            frame.pts, frame.time_base = index, 1 / form.fps
            container.mux(stream.encode(frame))
            if track is not None:
                track.write_until((index + 1) / form.fps)
        container.mux(stream.encode(None))
        if track is not None:
            track.close()


def _open_stream(container: OutputContainer, form: MasterForm, master: Master) -> VideoStream:
    stream = container.add_stream(master.codec, rate=form.fps, options=dict(master.options))
    assert isinstance(stream, VideoStream)
    stream.height, stream.width, stream.pix_fmt = form.height, form.width, master.pix_fmt
    context = stream.codec_context
    context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _to_frame(picture: Picture, master: Master) -> av.VideoFrame:
    if master.alpha and picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=f"rgb{'a' if master.alpha else '24'}")
    return frame.reformat(
        format=master.pix_fmt,
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=SMOOTH,
    )


def _write_exr(picture: Picture, path: Path, form: MasterForm, master: Master) -> None:
    values = np.asarray(picture / np.float32(255), np.float32)
    values[..., :3] **= np.float32(_GAMMA)
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(master.codec, rate=form.fps, options=dict(master.options))
        assert isinstance(stream, VideoStream)
        kind = "gbrapf32le" if picture.shape[2] == 4 else "gbrpf32le"
        stream.height, stream.width, stream.pix_fmt = form.height, form.width, kind
        container.mux(stream.encode(av.VideoFrame.from_ndarray(values, format=kind)))
        container.mux(stream.encode(None))
