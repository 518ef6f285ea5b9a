"""Moving pictures: clips as ``uint8 RGB f h w c`` into files and out of them.

Letters: ``f`` frames, ``h w`` rows and columns, ``c`` channels. Color in files is BT.709, limited range, which is
what players assume. The suffix of a path is its format; ``FORMATS`` says which there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ozora.errors import OutputError
from ozora.media.footage import SMOOTH, read_footage
from ozora.media.image_file import save_image
from ozora.media.output_file import check_output, is_sequence, number, whole_file, whole_sequence, writing
from ozora.media.sound_file import Sound, SoundTrack, holds_sound

_Codec = Literal["libx264", "libvpx-vp9"]
_H264 = {"crf": "16", "preset": "medium"}
_VP9 = {"crf": "22", "deadline": "good", "cpu-used": "4", "row-mt": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What a file is opened with. ``shape`` is that of a frame, ``h w 3``."""

    shape: tuple[int, int, int]
    fps: Fraction
    metadata: dict[str, str]
    sound: Sound | None


class _Encoder(Protocol):
    """Takes frames one by one; ``close`` completes the file. One class for each family of formats."""

    def add(self, frame: NDArray[np.uint8]) -> None: ...

    def close(self) -> None: ...


class VideoWriter:
    """Writes a clip frame by frame; the file appears when the ``with`` block ends well, else nothing does.

        with VideoWriter(path, height=256, width=448, fps=Fraction(24)) as writer:
            writer.add(frame)

    ``metadata`` goes into the file where the format has room for it (all but GIF); ``sound`` ([n, 2] at 48 kHz, what
    is longer than the pictures is left out) into .mp4 (AAC) and .webm (Opus). ``OutputError`` when the path cannot be
    written, the disk is full, the format holds no sound, or a picture format is given more than one frame.
    """

    def __init__(
        self,
        path: Path,
        *,
        height: int,
        width: int,
        fps: Fraction,
        metadata: Mapping[str, str] | None = None,
        sound: Sound | None = None,
    ) -> None:
        self._path = path
        self._form = _Form(shape=(height, width, 3), fps=fps, metadata=dict(metadata or {}), sound=sound)
        self._stack = contextlib.ExitStack()
        self._num_frames = 0
        self._encoder: _Encoder

    def __enter__(self) -> Self:
        check_output(self._path)
        if self._form.sound is not None and not holds_sound(self._path):
            raise OutputError(f"a {self._path.suffix} file holds no sound: use .mp4 or .webm, or leave the sound out")
        whole = whole_sequence if is_sequence(self._path) else whole_file
        with contextlib.ExitStack() as stack:
            draft = stack.enter_context(whole(self._path))
            open_encoder = FORMATS[self._path.suffix.lower()]
            with writing(self._path):
                self._encoder = open_encoder(draft, self._form)
            self._stack = stack.pop_all()
        return self

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Append one picture, ``h w 3``."""
        assert frame.shape == self._form.shape, f"{frame.shape} is not {self._form.shape}"
        assert frame.dtype == np.uint8, frame.dtype
        with writing(self._path):
            self._encoder.add(np.ascontiguousarray(frame))
        self._num_frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            with contextlib.suppress(Exception):  # the file is thrown away in any case
                self._encoder.close()
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            assert self._num_frames, "a clip needs at least one frame"
            with writing(self._path):
                self._encoder.close()


def write_video(
    frames: NDArray[np.uint8],
    fps: Fraction,
    path: Path,
    *,
    metadata: Mapping[str, str] | None = None,
    sound: Sound | None = None,
) -> None:
    """Write ``frames`` (``f h w 3``) to ``path``, whole or not at all; ``OutputError`` says what to change."""
    num_frames, height, width, _ = frames.shape
    check_output(path, frames=num_frames)
    with VideoWriter(path, height=height, width=width, fps=fps, metadata=metadata, sound=sound) as writer:
        for frame in frames:
            writer.add(frame)


def read_video(
    path: Path, *, max_frames: int = 3600, max_pixels: int = 400_000_000
) -> tuple[NDArray[np.uint8], Fraction]:
    """The frames of ``read_footage`` as ``f h w 3``, and how many a second; errors as there."""
    footage = read_footage(path, max_frames=max_frames, max_pixels=max_pixels, with_sound=False)
    return footage.frames, footage.fps


class _Film:
    """MP4 (H.264) and WebM (VP9)."""

    def __init__(self, path: Path, form: _Form, codec: _Codec) -> None:
        height, width, _ = form.shape
        self._odd = (height % 2, width % 2) if codec == "libx264" else (0, 0)  # H.264 has even sides only
        flags = {"movflags": "+faststart+use_metadata_tags"} if codec == "libx264" else {}
        self._container = av.open(str(path), "w", options=flags)
        self._container.metadata.update(form.metadata)
        options = _H264 if codec == "libx264" else _VP9
        self._stream = self._container.add_stream(codec, rate=form.fps, options=options)
        self._stream.height, self._stream.width = height + self._odd[0], width + self._odd[1]
        self._stream.pix_fmt = "yuv420p"
        self._stream.bit_rate = 0
        _tag_bt709(self._stream)
        self._sound: SoundTrack | None = None
        if form.sound is not None:
            self._sound = SoundTrack(self._container, "aac" if codec == "libx264" else "libopus", form.sound)
        self._step_s = 1 / form.fps
        self._num_frames = 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        rows, columns = self._odd
        if rows or columns:
            frame = np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=SMOOTH,
            threads=1,
        )
        self._container.mux(self._stream.encode(picture))
        self._num_frames += 1
        if self._sound is not None:
            self._sound.write_until(self._num_frames * self._step_s)

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.close()
        finally:
            self._container.close()


class _Gif:
    """GIF with one palette for the whole clip, which needs all frames: they stay in memory until the end."""

    def __init__(self, path: Path, form: _Form) -> None:
        height, width, _ = form.shape
        self._container = av.open(str(path), "w")
        self._stream = self._container.add_stream("gif", rate=form.fps)
        self._stream.height, self._stream.width = height, width
        self._stream.pix_fmt = "pal8"
        self._step_s = 1 / form.fps
        self._num_frames = 0
        self._graph = _palette_graph(height, width, self._step_s)

    def add(self, frame: NDArray[np.uint8]) -> None:
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts, picture.time_base = self._num_frames, self._step_s
        self._num_frames += 1
        self._graph.vpush(picture)

    def close(self) -> None:
        try:
            self._graph.vpush(None)
            for _ in range(self._num_frames):
                self._container.mux(self._stream.encode(self._graph.vpull()))
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


class _Stills:
    """One picture, or numbered PNG pictures."""

    def __init__(self, path: Path, form: _Form) -> None:
        self._path = path
        self._metadata = form.metadata
        self._num_frames = 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        self._num_frames += 1
        if is_sequence(self._path):
            save_image(frame, number(self._path, self._num_frames), metadata=self._metadata)
        elif self._num_frames == 1:
            save_image(frame, self._path, metadata=self._metadata)
        else:
            raise OutputError(f"a {self._path.suffix} file holds one picture: use a video such as .mp4 or %04d.png")

    def close(self) -> None:
        """Nothing is open between pictures."""


def _mp4(path: Path, form: _Form) -> _Encoder:
    return _Film(path, form, "libx264")


def _webm(path: Path, form: _Form) -> _Encoder:
    return _Film(path, form, "libvpx-vp9")


FORMATS: dict[str, Callable[[Path, _Form], _Encoder]] = {
    ".mp4": _mp4,
    ".webm": _webm,
    ".gif": _Gif,
    ".png": _Stills,
    ".jpg": _Stills,
    ".jpeg": _Stills,
    ".webp": _Stills,
}


def _tag_bt709(stream: VideoStream) -> None:
    context = stream.codec_context
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709


def _palette_graph(height: int, width: int, step_s: Fraction) -> Graph:
    """RGB in, 256 colors out: the palette is chosen from all frames, then used with error diffusion."""
    graph = Graph()
    rgb = av.VideoFormat("rgb24", width, height)
    source = graph.add_buffer(width=width, height=height, format=rgb, time_base=step_s)
    split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=full")
    use, sink = graph.add("paletteuse", "dither=sierra2_4a:diff_mode=rectangle"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph
