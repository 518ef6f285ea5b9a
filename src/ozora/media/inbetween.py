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
    frames = iter(frames)
    given: dict[int, Picture] = {}
    count = made = 0
    graph: Graph | None = None
    last: Picture | None = None

    def take(results: Iterator[Picture]) -> Iterator[Picture]:
        """Given frames in place of the filter's own."""
        nonlocal made
        for picture in results:
            place = made * fps / wanted
            if place >= count:
                return
            for index in [index for index in given if index < int(place)]:
                del given[index]
            yield given[int(place)] if place.denominator == 1 else picture
            made += 1

    for picture in frames:
        if min(picture.shape[:2]) < _LEAST:
            yield from respace(_chain(picture, frames), fps, wanted)
            return
        graph = graph or _build(picture, fps, wanted)
        given[count], last = picture, picture
        graph.vpush(_to_frame(picture, count, fps))
        count += 1
        yield from take(_pull(graph))
    if graph is None or last is None:
        return
    for extra in range(_AHEAD):
        graph.vpush(_to_frame(last, count + extra, fps))
    graph.vpush(None)
    yield from take(_pull(graph))
    while made * fps / wanted < count:
        yield last
        made += 1


def _chain(first: Picture, rest: Iterable[Picture]) -> Iterator[Picture]:
    yield first
    yield from rest


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
