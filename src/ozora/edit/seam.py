"""Seams: what is given is pasted over what was painted in its place, and what lies beside it is brought closer.

Letters: ``f n`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ozora.edit.given import Frames, Given, Mask

FADE = 12
"""Frames over which a difference fades beside a given frame."""
FEATHER = 9
"""Pixels over which it fades beside a given pixel."""


def paste(painted: Frames, given: Sequence[Given], *, first: int = 0, fade: int = FADE) -> Frames:
    """Painted frames, from ``first`` of the clip on, with what is given in its place, bit for bit.

    Beside a seam a difference is carried on and fades out, so that brightness and sharpness do not jump. A frame is as
    in the whole clip if ``fade`` frames around it are there.
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
            _fade(result, painted, item.pictures[-1], _beside(whole, item.last - 1 - first, 1, fade), fade)
            _fade(result, painted, item.pictures[0], _beside(whole, item.frame - first, -1, fade), fade)
    for item in given:
        begin, end = max(0, item.frame - first), min(item.last - first, len(painted))
        if begin >= end:
            continue
        part = slice(begin + first - item.frame, end + first - item.frame)
        above, known = item.pictures[part], item.known
        result[begin:end] = above if known is None else _feather(painted[begin:end], above, known[part])
    return result


def _beside(whole: Mask, edge: int, step: int, fade: int) -> list[int]:
    """The last given frame and the painted ones beside it, away from it; no more than ``fade``."""
    frames = [edge] if 0 <= edge < len(whole) else []
    while frames and len(frames) <= fade and 0 <= frames[-1] + step < len(whole) and not whole[frames[-1] + step]:
        frames.append(frames[-1] + step)
    return frames


def _fade(result: Frames, painted: Frames, picture: Frames, frames: Sequence[int], fade: int) -> None:
    """Carry on beside a given ``picture`` what it has more than the painted one in its place (the autoencoder's loss),
    and what of the step to the first new frame is no movement; less and less."""
    if len(frames) < 2:
        return
    difference, excess = picture.astype(np.float32) - painted[frames[0]], _excess(painted, frames)
    stepped = False
    for distance, frame in enumerate(frames[1:], start=1):
        if not stepped and not np.array_equal(painted[frame], painted[frames[0]]):
            stepped, difference = True, difference - excess
        share = _ease(1 - distance / (fade + 1))
        result[frame] = np.clip(result[frame] + share * difference, 0, 255).round().astype(np.uint8)


def _ease(share: float) -> float:
    """From 1 to 0 without a corner at either end, so that least of all happens right at the seam."""
    return share * share * (3 - 2 * share)


def _excess(painted: Frames, frames: Sequence[int]) -> NDArray[np.float32]:
    """The first step between ``frames``, where and as far as it is larger than the two steps after it [h, w, 3].

    A step that is as large as the next ones is movement, and stays. At a rate above the painted one pictures repeat:
    steps are between those that differ.
    """
    shown = [painted[frames[0]].astype(np.float32)]
    for frame in frames[1:]:
        if len(shown) < 4 and not np.array_equal(painted[frame], shown[-1]):
            shown.append(painted[frame].astype(np.float32))
    if len(shown) < 2:
        return np.zeros_like(shown[0])
    first, *later = np.diff(np.stack(shown), axis=0)
    size = _blur(np.abs(first).mean(axis=-1))
    usual = _blur(np.abs(later).mean(axis=-1).max(axis=0)) if later else np.zeros_like(size)
    share = np.clip(1 - usual / np.maximum(size, 1e-3), 0, 1)
    result: NDArray[np.float32] = share[..., None] * first
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
