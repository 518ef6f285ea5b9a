"""In-between frames: a clip at a higher rate, with frames that were not there.

FFmpeg's ``minterpolate`` (motion-compensated, in the build that PyAV bundles) makes them; it finds cuts by itself and
does not mix across them. A new frame at the time of a given one is that frame, bit for bit. Memory: about ten frames.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from ozora.media.timing import respace

Picture = NDArray[np.uint8]

_KIND = "yuv444p"  # minterpolate takes no RGB
_AHEAD = 4  # frames that the filter looks ahead; it gives nothing out for the last ones
_LEAST = 32  # pixels a side, two blocks of motion
_FILTER = "fps={wanted}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1:scd=fdiff"


def fill(frames: Iterable[Picture], fps: Fraction, wanted: Fraction) -> Iterator[Picture]:
    """Frames (each h w 3) at ``fps`` as ``wanted`` a second: new ones between them, or fewer of them."""
    if wanted <= fps:
        yield from respace(frames, fps, wanted)
        return
    between = Inbetween(fps, wanted)
    for picture in frames:
        yield from between.add(picture)
    yield from between.end()


class Inbetween:
    """Takes frames (h w 3, all of one size) at ``fps`` one by one, and gives those at the higher rate ``wanted`` in
    order, each as soon as it is known. Pictures too small to look for motion in are repeated."""

    def __init__(self, fps: Fraction, wanted: Fraction) -> None:
        self._fps, self._wanted = fps, wanted
        self._count = self._made = 0
        self._given: dict[int, Picture] = {}
        self._graph: Graph | None = None
        self._last: Picture | None = None

    def add(self, picture: Picture) -> Iterator[Picture]:
        """One frame more."""
        self._last = self._given[self._count] = picture
        self._count += 1
        if min(picture.shape[:2]) < _LEAST:
            yield from self._repeat()
            return
        self._graph = self._graph or _build(picture, self._fps, self._wanted)
        self._graph.vpush(_to_frame(picture, self._count - 1, self._fps))
        yield from self._take(_pull(self._graph))

    def end(self) -> Iterator[Picture]:
        """What is left; the last frame stands until its time is over."""
        if self._graph is not None:
            assert self._last is not None, "a graph is made of the first frame"
            for extra in range(_AHEAD):
                self._graph.vpush(_to_frame(self._last, self._count + extra, self._fps))
            self._graph.vpush(None)
            yield from self._take(_pull(self._graph))
        yield from self._repeat()

    def _take(self, results: Iterator[Picture]) -> Iterator[Picture]:
        """Given frames in place of the filter's own."""
        for picture in results:
            place = self._made * self._fps / self._wanted
            if place >= self._count:
                return
            for index in [index for index in self._given if index < int(place)]:
                del self._given[index]
            yield self._given[int(place)] if place.denominator == 1 else picture
            self._made += 1

    def _repeat(self) -> Iterator[Picture]:
        """The last frame, up to its end."""
        while self._last is not None and self._made * self._fps / self._wanted < self._count:
            yield self._last
            self._made += 1


def _build(picture: Picture, fps: Fraction, wanted: Fraction) -> Graph:
    height, width, _ = picture.shape
    graph = Graph()
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat(_KIND, width, height), time_base=1 / fps
    )
    fill, sink = graph.add("minterpolate", _FILTER.format(wanted=wanted)), graph.add("buffersink")
    source.link_to(fill)
    fill.link_to(sink)
    graph.configure()
    return graph


def _to_frame(picture: Picture, index: int, fps: Fraction) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
        format=_KIND, src_color_range=ColorRange.JPEG, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    frame.pts, frame.time_base = index, 1 / fps
    return frame


def _pull(graph: Graph) -> Iterator[Picture]:
    with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            frame = graph.vpull()
            assert isinstance(frame, av.VideoFrame)
            rgb = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709, src_color_range=ColorRange.MPEG)
            yield rgb.to_ndarray().astype(np.uint8, copy=False)
