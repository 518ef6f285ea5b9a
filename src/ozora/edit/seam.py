"""Seams: what is given is pasted over what was painted in its place, and what lies beside it is brought closer.

Letters: ``f n`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ozora.edit.given import Frames, Given, Mask

FADE = 12
"""Frames over which a difference fades beside a given frame."""
FEATHER = 9
"""Pixels over which it fades beside a given pixel."""
STEPS_AFTER = 3
"""Frames from a joint on that say what of its step is movement."""
STILL = 0.5
"""Gray levels: the usual step of a clip that hardly moves, as in ``evaluate/seams.py``."""


def paste(
    painted: Frames, given: Sequence[Given], *, first: int = 0, fade: int = FADE, largest: float = math.inf
) -> Frames:
    """Painted frames, from ``first`` of the clip on, with what is given in its place, bit for bit.

    Beside a seam a difference is carried on and fades out, so that brightness and sharpness do not jump. A frame is as
    in the whole clip if ``fade`` frames around it are there. No step across a seam is larger than ``largest`` gray
    levels in the mean.
    """
    if not given:
        return painted
    result = painted.copy()
    whole = np.zeros(len(painted), bool)
    for item in given:
        if item.known is None:
            whole[max(0, item.frame - first) : max(0, item.last - first)] = True
    for item in given:
        if item.known is None:
            for picture, edge, step in ((item.pictures[-1], item.last - 1, 1), (item.pictures[0], item.frame, -1)):
                _fade(result, painted, picture, _beside(whole, edge - first, step, fade), fade, largest)
    for item in given:
        begin, end = max(0, item.frame - first), min(item.last - first, len(painted))
        if begin >= end:
            continue
        part = slice(begin + first - item.frame, end + first - item.frame)
        above, known = item.pictures[part], item.known
        result[begin:end] = above if known is None else _feather(painted[begin:end], above, known[part])
    return result


class Joints:
    """Softens the places where painted pieces of a clip meet, piece by piece: what of the step into the first frame of
    one of ``pieces`` (frames of the clip, up to the next cut) is no movement is carried on, and fades out in the
    ``fade`` frames after it."""

    def __init__(self, pieces: Sequence[range], *, fade: int = FADE) -> None:
        self._open = sorted(pieces, key=lambda piece: piece.start)
        self._fade = fade
        self._block: Frames | None = None  # frames as they were painted, the first of them number ``_first``
        self._first = self._out = 0
        self._fading: list[tuple[range, NDArray[np.float32]]] = []

    def add(self, painted: Frames) -> Frames:
        """The frames that are ready; there may be none."""
        if self._block is None and not self._open:
            return painted
        block = painted if self._block is None else np.concatenate([self._block, painted])
        stop = self._first + len(block)
        while self._open and min(self._open[0].start + STEPS_AFTER, self._open[0].stop) <= stop:
            self._take(block, self._open.pop(0))
        return self._release(block, min([stop, *(piece.start for piece in self._open[:1])]))

    def end(self) -> Frames | None:
        """The frames that are left, if there are any; a joint near the end has fewer steps to go by."""
        if self._block is None:
            return None
        stop = self._first + len(self._block)
        for piece in self._open:
            if piece.start < stop:
                self._take(self._block, piece)
        self._open = []
        return self._release(self._block, stop)

    def _take(self, block: Frames, piece: range) -> None:
        last = min(piece.start + STEPS_AFTER, piece.stop)
        near = block[max(0, piece.start - 1 - self._first) : last - self._first]
        if piece.start > self._first and len(near) > 1:
            largest = max([STILL, *_steps(near[1:])]) if len(near) > 2 else math.inf
            frames = range(piece.start, min(piece.start + self._fade, piece.stop))
            self._fading.append((frames, -_excess(near, largest)))

    def _release(self, block: Frames, stop: int) -> Frames:
        ready = block[self._out - self._first : stop - self._first].copy()
        for frames, difference in self._fading:
            for number in range(max(frames.start, self._out), min(frames.stop, stop)):
                share = _ease(1 - (number - frames.start + 1) / (self._fade + 1))
                softened = ready[number - self._out] + share * difference
                ready[number - self._out] = np.clip(softened, 0, 255).round().astype(np.uint8)
        self._fading = [(frames, difference) for frames, difference in self._fading if frames.stop > stop]
        kept = max(self._first, stop - 1)
        self._block, self._first, self._out = block[kept - self._first :].copy(), kept, stop
        return ready


def usual_step(given: Sequence[Given]) -> float:
    """The median change between frames of the clips that are given, in gray levels; infinite where no clip is.

    Frames that repeat, as those of a clip that was brought to a higher rate, do not count.
    """
    steps = [step for item in given if item.known is None for step in _steps(item.pictures)]
    return max(float(np.median([step for step in steps if step] or [0])), STILL) if steps else math.inf


def _steps(pictures: Frames) -> Iterator[float]:
    for before, after in itertools.pairwise(pictures):
        yield float(np.abs(after.astype(np.int16) - before).mean())


def _beside(whole: Mask, edge: int, step: int, fade: int) -> list[int]:
    """The last given frame and the painted ones beside it, away from it; no more than ``fade``."""
    frames = [edge] if 0 <= edge < len(whole) else []
    while frames and len(frames) <= fade and 0 <= frames[-1] + step < len(whole) and not whole[frames[-1] + step]:
        frames.append(frames[-1] + step)
    return frames


def _fade(result: Frames, painted: Frames, picture: Frames, frames: Sequence[int], fade: int, largest: float) -> None:
    """Carry on beside a given ``picture`` what it has more than the painted one in its place (the autoencoder's loss),
    and what of the step to the first new frame is no movement or beyond ``largest`` gray levels; less and less."""
    if len(frames) < 2:
        return
    difference = picture.astype(np.float32) - painted[frames[0]] - _excess(painted[frames[:4]], largest)
    for distance, frame in enumerate(frames[1:], start=1):
        share = _ease(1 - distance / (fade + 1))
        result[frame] = np.clip(result[frame] + share * difference, 0, 255).round().astype(np.uint8)


def _ease(share: float) -> float:
    """From 1 to 0 without a corner at either end, so that least of all happens right at the seam."""
    return share * share * (3 - 2 * share)


def _excess(painted: Frames, largest: float) -> NDArray[np.float32]:
    """The first step between ``painted``, where and as far as it is larger than the ones after it [h, w, 3], and
    everywhere a part of it, so that no more than ``largest`` gray levels of it are left in the mean.

    A step that is as large as the next ones is movement, and stays.
    """
    first, *later = np.diff(painted.astype(np.float32), axis=0)
    size = _blur(np.abs(first).mean(axis=-1))
    usual = _blur(np.abs(later).mean(axis=-1).max(axis=0)) if later else np.zeros_like(size)
    movement = np.minimum(1, usual / np.maximum(size, 1e-3))[..., None] * first
    movement *= min(1.0, largest / max(float(np.abs(movement).mean()), 1e-3))
    result: NDArray[np.float32] = first - movement
    return result


def _feather(painted: Frames, pictures: Frames, known: Mask) -> Frames:
    """Known pixels as they are; what they have more than the painted ones is carried on into the unknown and fades."""
    result = np.empty_like(painted)
    for number, (below, above, here) in enumerate(zip(painted, pictures, known, strict=True)):
        weight = here.astype(np.float32)
        difference = (above.astype(np.float32) - below) * weight[..., None]
        near = _blur(weight)
        carried = _blur(difference) / np.maximum(near, 1e-3)[..., None]
        faded = below + np.minimum(1.0, 2 * near)[..., None] * carried
        result[number] = np.where(here[..., None], above, np.clip(faded, 0, 255).round().astype(np.uint8))
    return result


def _blur(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """A triangle filter of ``FEATHER`` pixels to both sides, rows and columns."""
    kernel = 1 - np.abs(np.arange(-FEATHER, FEATHER + 1)) / (FEATHER + 1)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        around = [(FEATHER, FEATHER) if axis == other else (0, 0) for other in range(picture.ndim)]
        padded = np.pad(picture, around, mode="edge")
        size = picture.shape[axis]
        picture = sum(
            weight * np.take(padded, range(shift, shift + size), axis=axis) for shift, weight in enumerate(kernel)
        )
    return picture
