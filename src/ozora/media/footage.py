"""Clips of any kind: whatever FFmpeg reads, as upright ``uint8 RGB f h w c`` of BT.709 at a constant rate.

Letters: ``f`` frames, ``h w`` rows and columns, ``c`` channels. What had to be done to a file for that is said in
notes. A file is read twice: its timestamps first, which costs no decoding, then its pictures.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.sidedata.sidedata import SideData
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.media.color import HDR, WIDE, needs_sdr, to_sdr
from ozora.media.decoding_room import ROOM
from ozora.media.demuxers import PICTURES, only
from ozora.media.image_file import GRAY
from ozora.media.sound_file import read_sound
from ozora.media.timing import Timing, conform, measure

SMOOTH = int(Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT)

_MAX_FRAME_PIXELS = 8192 * 4320
_FRAME_BYTES = 30  # that decoding takes for a pixel of one frame: up to 16 earlier ones, and the picture itself
_LEAST_PIXELS = 1920 * 1088  # frames of a clip may grow to this, whatever the first one has
_ALIGNED = 64  # rows and columns that a decoder may add
_UNSPECIFIED = 2  # ISO/IEC 23091-2
_HD_ROWS = 720  # untagged pictures of so many rows are taken for BT.709, as players do
_SQUARE = (Fraction(1, 4), Fraction(4))  # shapes of pixels that are believed
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # FFmpeg's own drop it

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A clip: ``frames`` [f, h, w, 3], what was done to bring it to this form, and its sound if it has one
    ([n, 2] at 48 kHz, from the first frame on)."""

    frames: Picture
    fps: Fraction
    notes: tuple[str, ...] = ()
    sound: NDArray[np.float32] | None = None


def read_footage(
    path: Path, *, max_frames: int = 3600, max_pixels: int = 400_000_000, with_sound: bool = True
) -> Footage:
    """The clip in ``path``.

    ``MediaError`` when it is missing, no video, damaged, or longer than ``max_frames`` or ``max_pixels`` (all
    frames together; the default is 1.2 GB of memory).
    """
    with FootageReader(path, max_frames=max_frames, max_pixels=max_pixels, keeps_all=True) as reader:
        frames = np.empty((reader.num_frames, reader.height, reader.width, 3), np.uint8)
        count = 0
        for frame in reader:
            if count == len(frames):  # more than the timestamps promise
                frames = np.concatenate([frames, np.empty_like(frames[: max(1, count // 4)])])
            frames[count] = frame
            count += 1
        sound = read_sound(path, end_s=Fraction(count) / reader.fps) if with_sound else None
        return Footage(frames=frames[:count], fps=reader.fps, notes=reader.notes, sound=sound)


def measure_footage(path: Path) -> int:
    """How many pixels all frames of ``path`` have together, as its head and timestamps promise; nothing is decoded."""
    with contextlib.ExitStack() as stack, _explained(path):
        _, stream = _open(path, stack)
        context = stream.codec_context
        num_pixels = context.width * context.height
        return num_pixels * _scan(path, None).count


class FootageReader:
    """A clip frame by frame, however long: ``with FootageReader(path) as reader: for frame in reader: ...``

    ``height``, ``width``, ``fps`` and ``num_frames`` (what the timestamps promise) are known from the start, ``notes``
    are complete at the end. ``MediaError`` as for ``read_footage``; ``OutOfMemoryError`` when others decode too much at
    the moment. With ``keeps_all`` whoever reads keeps every frame, which is counted too.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_frames: int | None = None,
        max_pixels: int | None = None,
        max_side: int | None = None,
        keeps_all: bool = False,
    ) -> None:
        self._path = path
        self._max_frames, self._max_pixels, self._max_side = max_frames, max_pixels, max_side
        self._keeps_all = keeps_all
        self._max_frame_pixels = _MAX_FRAME_PIXELS
        self._notes: dict[str, None] = {}
        self._stack = contextlib.ExitStack()
        self._frames: Iterator[Picture] = iter(())
        self.height = self.width = self.num_frames = 0
        self.fps = Fraction(0)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def __enter__(self) -> Self:
        _check_path(self._path)
        with contextlib.ExitStack() as stack, _explained(self._path):
            timing = _scan(self._path, self._max_frames)
            container, stream = _open(self._path, stack)
            self._check_extent(timing.count, stream.codec_context.height, stream.codec_context.width)
            stack.enter_context(ROOM.reserve(self._bytes(stream, timing)))
            self._frames = self._read(container, stream, timing)
            self.fps, self.num_frames = timing.fps, timing.count
            first = next(self._frames, None)
            if first is None:
                raise MediaError(f"{self._path} holds no frames: give another video")
            self.height, self.width = first.shape[:2]
            self._check_extent(timing.count, self.height, self.width)
            self._first = first
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Picture]:
        with _explained(self._path):
            yield self._first
            for index, frame in enumerate(self._frames, start=2):
                self._check_extent(index, self.height, self.width)
                yield frame

    def _check_extent(self, num_frames: int, height: int, width: int) -> None:
        """``MediaError`` when the clip is longer or larger than whoever reads it wants."""
        _check_frames(self._path, num_frames, self._max_frames)
        if self._max_side is not None and max(height, width) > self._max_side:
            raise MediaError(f"{self._path} is {width}x{height}; make it {self._max_side} pixels a side or less")
        if self._max_pixels is not None:
            _check_pixels(self._path, num_frames * height * width, self._max_pixels)

    def _bytes(self, stream: VideoStream, timing: Timing) -> int:
        """What reading takes, by the head of the file. Where memory is limited, no frame may be larger than it says."""
        context = stream.codec_context
        num_pixels = context.height * context.width
        if ROOM.capacity_bytes is not None:
            num_pixels = max(_LEAST_PIXELS, (context.height + _ALIGNED) * (context.width + _ALIGNED))
            if not ROOM.fits(num_pixels * _FRAME_BYTES):
                raise MediaError(f"{self._path} has frames of {context.width}x{context.height}: make it smaller")
            self._max_frame_pixels = num_pixels
            context.options = {"max_pixels": str(num_pixels)}
        kept = 3 * timing.count * context.height * context.width if self._keeps_all else 0
        return num_pixels * _FRAME_BYTES + kept

    def _read(self, container: InputContainer, stream: VideoStream, timing: Timing) -> Iterator[Picture]:
        if timing.variable is not None:
            slow, fast = timing.variable
            self._note(f"variable frame rate, {slow:.4g} to {fast:.4g}, brought to {float(timing.fps):.5g}")
        size = None
        for frame in conform(self._timed(container, stream), timing):
            if size is None:
                size = self._square(frame, stream)
                origin = frame.width, frame.height
            if (frame.width, frame.height) != origin:
                self._note(f"frames of several sizes brought to {size[0]}x{size[1]}")
            yield self._turn(self._convert(frame, *size), frame)

    def _timed(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[Fraction | None, av.VideoFrame]]:
        graph = None
        for frame in _decode(container, stream):
            if frame.width * frame.height > self._max_frame_pixels:
                raise MediaError(f"{self._path} has frames of {frame.width}x{frame.height}: make it smaller")
            if graph is None and frame.interlaced_frame:
                self._note("interlaced fields joined to whole frames")
                graph = _weave(frame, stream)
            if graph is None:
                yield _time(frame), frame
            else:
                graph.vpush(frame)
                yield from _pull(graph)
        if graph is not None:
            graph.vpush(None)
            yield from _pull(graph)

    def _square(self, frame: av.VideoFrame, stream: VideoStream) -> tuple[int, int]:
        """Width and height with square pixels."""
        shape = stream.sample_aspect_ratio or Fraction(1)
        if shape == 1 or not _SQUARE[0] <= shape <= _SQUARE[1]:
            return frame.width, frame.height
        self._note(f"pixels of {shape.numerator}:{shape.denominator} made square")
        return max(1, round(frame.width * shape)), frame.height

    def _convert(self, frame: av.VideoFrame, width: int, height: int) -> Picture:
        """``frame`` as R'G'B' of BT.709 without transparency, as it lies in the file."""
        matrix = _matrix(frame)
        transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
        if needs_sdr(transfer, primaries):
            if transfer in HDR:
                self._note(f"HDR ({HDR[transfer]}) brought to the range of a common screen")
            else:
                self._note(f"wide colors ({WIDE[primaries]}) brought to BT.709")
            deep = _reformat(frame, "rgb48le", width, height, matrix)
            picture = to_sdr(deep.astype(np.uint16, copy=False), transfer, primaries)
        else:
            if frame.format.components[0].bits > 8:
                self._note(f"color of {frame.format.components[0].bits} bits brought to 8")
            picture = _reformat(frame, "rgb24", width, height, matrix).astype(np.uint8, copy=False)
        if any(component.is_alpha for component in frame.format.components):
            alpha = _reformat(frame, "rgba", width, height, matrix)[..., 3:].astype(np.uint16)
            if (alpha < 255).any():
                self._note("transparency laid over gray")
                picture = ((picture * alpha + np.array(GRAY) * (255 - alpha) + 127) // 255).astype(np.uint8)
        return picture

    def _turn(self, picture: Picture, frame: av.VideoFrame) -> Picture:
        """As it is meant to be seen: a phone writes how it was held, and whether it saw a mirror."""
        columns, rows, swapped = _orientation(frame)
        if swapped:
            picture = picture.transpose(1, 0, 2)
        if (columns, rows, swapped) != (1, 1, False):
            self._note("mirrored back" if (columns * rows < 0) != swapped else "turned upright")
        return picture[::rows, ::columns]

    def _note(self, sentence: str) -> None:
        self._notes[f"conform: {sentence}"] = None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError, MemoryError, OverflowError) as error:
        raise MediaError(f"{path} is no video that can be read, or is damaged: convert it to MP4") from error


def _check_path(path: Path) -> None:
    if not path.exists():
        raise MediaError(f"{path} does not exist: give the path of a video")
    if path.is_dir():
        raise MediaError(f"{path} is a folder: give the path of a video")


def _check_frames(path: Path, num_frames: int, max_frames: int | None) -> None:
    if max_frames is not None and num_frames > max_frames:
        raise MediaError(f"{path} has more than {max_frames} frames: cut it shorter")


def _check_pixels(path: Path, num_pixels: int, max_pixels: int) -> None:
    if num_pixels > max_pixels:
        raise MediaError(f"{path} is larger than {max_pixels} pixels in all: make it smaller or shorter")


def _open(path: Path, stack: contextlib.ExitStack) -> tuple[InputContainer, VideoStream]:
    container = stack.enter_context(av.open(str(path.resolve()), options=only(PICTURES)))
    if not container.streams.video:
        raise MediaError(f"{path} has no pictures in it: give a video")
    stream = container.streams.video[0]
    stream.codec_context.options = {"max_pixels": str(_MAX_FRAME_PIXELS)}
    return container, stream


def _scan(path: Path, max_frames: int | None) -> Timing:
    """When the pictures are shown, from the packets alone."""
    with contextlib.ExitStack() as stack:
        container, stream = _open(path, stack)
        context = stream.codec_context
        if context.width * context.height > _MAX_FRAME_PIXELS:
            raise MediaError(f"{path} has frames of {context.width}x{context.height}: make it smaller")
        _check_frames(path, stream.frames, max_frames)
        declared = (stream.average_rate, stream.guessed_rate)
        ticks: list[int | None] = []
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                ticks.append(packet.pts)
                _check_frames(path, len(ticks), None if max_frames is None else 2 * max_frames)
        known = [tick for tick in ticks if tick is not None]
        if len(known) < len(ticks) or stream.time_base is None:
            rate = next((Fraction(rate) for rate in declared if rate), None)
            return measure([], Fraction(1), declared) if rate is None else Timing(fps=rate, count=len(ticks))
        timing = measure(known, stream.time_base, declared)
        _check_frames(path, timing.count, max_frames)
        return timing


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        yield from container.decode(stream)
        return
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    for packet in container.demux(stream):
        yield from decoder.decode(packet)


def _orientation(frame: av.VideoFrame) -> tuple[int, int, bool]:
    """Steps along columns and rows (1, or -1 for backward) after rows and columns were swapped or not.

    From the display matrix of ISO/IEC 14496-12: x' = a x + c y, y' = b x + d y.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, SideData):
        return 1, 1, False
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return (-1 if c < 0 else 1), (-1 if b < 0 else 1), True
    return (-1 if a < 0 else 1), (-1 if d < 0 else 1), False


def _time(frame: av.VideoFrame) -> Fraction | None:
    return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base


def _weave(frame: av.VideoFrame, stream: VideoStream) -> Graph:
    """Bob Weaver (FFmpeg's bwdif): one whole frame for each pair of fields."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or stream.time_base
    )
    weave, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    source.link_to(weave)
    weave.link_to(sink)
    graph.configure()
    return graph


def _pull(graph: Graph) -> Iterator[tuple[Fraction | None, av.VideoFrame]]:
    with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            frame = graph.vpull()
            yield _time(frame), frame


def _matrix(frame: av.VideoFrame) -> int | None:
    """The matrix from Y'CbCr where the file does not say it; ``None``: what the file says."""
    if int(frame.colorspace) != _UNSPECIFIED or frame.format.is_rgb:
        return None
    if int(frame.color_trc) in HDR:
        return int(Colorspace.BT2020)
    return int(Colorspace.ITU709) if frame.height >= _HD_ROWS else None


def _reformat(frame: av.VideoFrame, kind: str, width: int, height: int, matrix: int | None) -> NDArray[np.generic]:
    # one thread: to begin others for each frame takes longer than they save, up to 1080p
    return frame.reformat(
        width=width, height=height, format=kind, src_colorspace=matrix, interpolation=SMOOTH, threads=1
    ).to_ndarray()
