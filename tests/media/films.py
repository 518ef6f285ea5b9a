"""Small files of all kinds for the tests, made by PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BT709 = 1
RATE = 48_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """How a file is written. ``times_ms`` are the times of its frames, ``fps`` counts when there are none."""

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    given: str = "rgb24"
    fps: Fraction = Fraction(24)
    times_ms: tuple[int, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    matrix: int = BT709
    transfer: int = BT709
    primaries: int = BT709
    shape: Fraction = Fraction(1)
    turn: tuple[int, bool] = (0, False)


def write_film(path: Path, frames: Sequence[NDArray[np.generic]], film: Film | None = None) -> Path:
    """Write ``frames`` (each h w c) as ``film`` says."""
    film = film or Film()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(film.codec, rate=film.fps, options=dict(film.options))
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = film.pix_fmt
        context = stream.codec_context
        context.colorspace, context.color_trc, context.color_primaries = film.matrix, film.transfer, film.primaries
        context.color_range = 1
        context.sample_aspect_ratio = film.shape
        if film.times_ms:
            context.time_base = Fraction(1, 1000)
        if film.turn != (0, False):
            stream.set_display_rotation(film.turn[0], hflip=film.turn[1])
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=film.given).reformat(
                format=film.pix_fmt, src_color_range=2, dst_colorspace=film.matrix, dst_color_range=1
            )
            if film.times_ms:
                frame.pts, frame.time_base = film.times_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def gray_frames(levels: Sequence[int], height: int = 32, width: int = 48) -> list[NDArray[np.uint8]]:
    return [np.full((height, width, 3), level, np.uint8) for level in levels]


def tone(seconds: float, hertz: float = 440, level: float = 0.5) -> NDArray[np.float32]:
    """A sine on both channels, [n, 2]."""
    times = np.arange(round(seconds * RATE)) / RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * times)).astype(np.float32)[:, None], 2, axis=1)
