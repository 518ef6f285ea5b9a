"""The finish: painted pieces become the plan's frames, piece by piece, so that a minute needs no more memory than a
few seconds.

In this order: conformed to the extent that was asked for, shots dissolved into each other, what is given pasted over.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ozora.edit.given import Given
from ozora.edit.seam import paste, usual_step
from ozora.media import resize_frames
from ozora.media.inbetween import Inbetween
from ozora.plan import Plan
from ozora.shapes import VideoShape

DISSOLVE_S = Fraction(1, 2)
FADE_S = Fraction(1)
"""How long a difference fades beside a given frame."""

Frames = NDArray[np.uint8]


class Finish:
    """Takes the pieces [f, h, w, 3] that a backend paints at its ``native`` extent, in order, and gives the frames of
    the plan, in order. A few are held back where a seam may still come, until the next piece or the ``end``."""

    def __init__(self, plan: Plan, native: VideoShape, given: Sequence[Given]) -> None:
        self._plan, self._given = plan, given
        self._fade = max(1, round(FADE_S * plan.shape.fps))
        self._largest = usual_step(given)
        self._reach = self._fade if any(item.known is None for item in given) else 0
        self._rates = native.fps, plan.shape.fps
        self._between = Inbetween(*self._rates) if plan.shape.fps > native.fps else None
        self._cuts = {round(start_s * native.fps): round(start_s * plan.shape.fps) for start_s in plan.cuts}
        times = np.arange(plan.shape.frames) * float(native.fps / plan.shape.fps)
        self._sources = times.round().astype(int)  # at a lower rate: for each frame the painted one nearest in time
        self._num_painted = self._num_conformed = 0
        self._last: Frames | None = None
        self._held: dict[int, NDArray[np.uint8]] = {}  # the picture out of which a shot rises, by its first frame
        self._block: Frames | None = None  # conformed frames from ``_first`` on, of which those before ``_out`` are out
        self._first = self._out = 0

    def add(self, painted: Frames) -> Frames:
        """The frames that are ready now; there may be none."""
        return self._paste(self._dissolve(self._conform(painted)), end=False)

    def end(self) -> Frames:
        """The frames that are left. Where the backend painted too few, the last one stands."""
        assert self._last is not None, "a clip has at least one frame"
        left = [] if self._between is None else list(self._between.end())
        rest = self._sized(left, self._last)
        missing = self._plan.shape.frames - self._num_conformed - len(rest)
        return self._paste(self._dissolve(np.concatenate([rest, self._last.repeat(missing, axis=0)])), end=True)

    def _conform(self, painted: Frames) -> Frames:
        """The plan's rate (in-between frames, or the nearest in time), Lanczos in space, center crop to the shape."""
        shape = self._plan.shape
        self._last = resize_frames(painted[-1:], shape.height, shape.width)
        if self._between is not None:
            return self._sized(self._fill(self._between, painted), self._last)
        stop = self._num_painted + len(painted)
        first, last = np.searchsorted(self._sources, [self._num_painted, stop])
        kept = list(painted[self._sources[first:last] - self._num_painted])
        self._num_painted = stop
        return self._sized(kept, self._last)

    def _fill(self, between: Inbetween, painted: Frames) -> list[Frames]:
        """With frames in between, but none between two shots."""
        filled: list[Frames] = []
        for picture in painted:
            landing = self._cuts.get(self._num_painted)
            if landing is not None:
                filled += between.end()
                room = max(0, landing - self._num_conformed)
                filled = (filled + filled[-1:] * room)[:room]
                between = self._between = Inbetween(*self._rates)
            filled += between.add(picture)
            self._num_painted += 1
        return filled

    def _sized(self, frames: Sequence[Frames], last: Frames) -> Frames:
        """At the plan's size, and no more than it has room for."""
        shape = self._plan.shape
        kept = frames[: shape.frames - self._num_conformed]
        return resize_frames(np.stack(kept), shape.height, shape.width) if kept else last[:0]

    def _dissolve(self, frames: Frames) -> Frames:
        """Each shot that enters by a dissolve rises out of the last picture of the one before it."""
        begin, end = self._num_conformed, self._num_conformed + len(frames)
        self._num_conformed = end
        result = frames
        for prompt in self._plan.prompts:
            first = round(prompt.start_s * self._plan.shape.fps)
            if prompt.enter != "dissolve" or not 0 < first < self._plan.shape.frames:
                continue
            if begin <= first - 1 < end:
                self._held[first] = frames[first - 1 - begin].copy()
            last = min(first + round(DISSOLVE_S * self._plan.shape.fps), self._plan.shape.frames)
            a, b = max(first, begin), min(last, end)
            if a < b:
                result = result.copy() if result is frames else result
                share = (np.arange(a - first + 1, b - first + 1) / (last - first + 1))[:, None, None, None]
                mixed = share * frames[a - begin : b - begin] + (1 - share) * self._held[first]
                result[a - begin : b - begin] = mixed.round().astype(np.uint8)
        return result

    def _paste(self, frames: Frames, *, end: bool) -> Frames:
        block = frames if self._block is None or not len(self._block) else np.concatenate([self._block, frames])
        stop = self._first + len(block) - (0 if end else self._reach)
        if stop <= self._out and not end:
            self._block = block
            return block[:0]
        pasted = paste(block, self._given, first=self._first, fade=self._fade, largest=self._largest)
        ready = pasted[self._out - self._first : stop - self._first]
        keep = max(self._first, stop - self._reach)
        self._block = block[keep - self._first :].copy()
        self._first, self._out = keep, stop
        return ready
