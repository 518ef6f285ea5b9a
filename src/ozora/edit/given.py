"""Given pictures: read for a plan, brought to another rate, and pasted over what was painted in their place.

Letters: ``f n`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import SizeError, UserError
from ozora.media import fit_image, read_image, read_video, resize_frames
from ozora.plan import ClipCondition, Condition, Plan
from ozora.shapes import VideoShape

Frames = NDArray[np.uint8]
Given = dict[int, Frames]
"""Where pictures [n, h, w, 3] are known: from this frame on."""


def read_given(plan: Plan) -> Given:
    """The pictures of all conditions at the plan's size and rate. ``UserError`` when a file is not what it was, and
    ``SizeError`` when what is given does not fit into the clip or overlaps."""
    result: Given = {}
    taken = np.zeros(plan.shape.frames, bool)
    for item in sorted(plan.conditions, key=lambda item: item.frame):
        if _is_sketch(item):
            continue
        pictures = _read(item, plan.shape)
        last = item.frame + len(pictures)
        if item.frame < 0 or last > plan.shape.frames:
            raise SizeError(f"{item.path} does not fit into the clip: frames {item.frame} to {last} of {len(taken)}")
        if taken[item.frame : last].any():
            raise SizeError(f"{item.path} overlaps with another given piece at frame {item.frame}; move one of them")
        taken[item.frame : last] = True
        result[item.frame] = pictures
    return result


def read_sketch(plan: Plan) -> Frames | None:
    """The frames that are painted over, if the plan has any; ``SizeError`` unless they cover the whole clip."""
    items = [item for item in plan.conditions if isinstance(item, ClipCondition) and _is_sketch(item)]
    if not items:
        return None
    pictures = _read(items[0], plan.shape)
    if len(items) > 1 or items[0].frame != 0 or len(pictures) != plan.shape.frames:
        raise SizeError(f"{items[0].path} is to be painted over; it must be the only one and as long as the clip")
    return pictures


def _is_sketch(item: Condition) -> bool:
    return isinstance(item, ClipCondition) and item.strength > 0


def _read(item: Condition, shape: VideoShape) -> Frames:
    path = Path(item.path)
    if isinstance(item, ClipCondition):
        frames, fps = read_video(path)
        wanted = _piece(item, len(frames), fps, shape.fps)
        pictures = resize_frames(frames[wanted], shape.height, shape.width)
    else:
        pictures = fit_image(read_image(path), shape.height, shape.width)[None]
    if hashlib.sha256(path.read_bytes()).hexdigest() != item.sha256:
        raise UserError(f"{path} is not the file that the plan was made with; make the plan again")
    return pictures


def _piece(item: ClipCondition, count: int, fps: Fraction, wanted: Fraction) -> NDArray[np.int64]:
    """Which frames of a file are meant, at another rate: the nearest in time."""
    end_s = Fraction(count) / fps if item.end_s is None else item.end_s
    frames = round((end_s - item.start_s) * wanted)
    if item.start_s < 0 or frames < 1 or end_s > Fraction(count) / fps:
        raise SizeError(
            f"{item.path} has no piece from {item.start_s} to {end_s} s; it is {float(count / fps):g} s long"
        )
    times = float(item.start_s) + np.arange(frames) / float(wanted)
    return np.minimum((times * float(fps) + 1e-6).round().astype(np.int64), count - 1)


def retime(given: Given, fps: Fraction, wanted: Fraction, count: int) -> Given:
    """The same pictures on a timeline of ``count`` frames at another rate: frames whose time lies in a given run."""
    if fps == wanted:
        return {frame: pictures[: count - frame] for frame, pictures in given.items() if frame < count}
    result: Given = {}
    for frame, pictures in given.items():
        first = -(-frame * wanted // fps) if len(pictures) > 1 else round(frame * wanted / fps)
        last = min((frame + len(pictures) - 1) * wanted // fps if len(pictures) > 1 else first, count - 1)
        if last >= first:
            index = (np.arange(first, last + 1) * float(fps / wanted)).round().astype(int) - frame
            result[int(first)] = pictures[np.clip(index, 0, len(pictures) - 1)]
    return result


def paste(painted: Frames, given: Given) -> Frames:
    """Painted frames with the given ones in their places, bit for bit.

    Next to a seam, what the given picture has more than the painted one in its place is carried on and fades out, so
    that sharpness does not jump.
    """
    if not given:
        return painted
    result = painted.copy()
    known = np.zeros(len(painted), bool)
    for frame, pictures in given.items():
        known[frame : frame + len(pictures)] = True
    for frame, pictures in given.items():
        last = frame + len(pictures) - 1
        _fade(result, painted, known, edge=last, picture=pictures[-1], step=1)
        _fade(result, painted, known, edge=frame, picture=pictures[0], step=-1)
    for frame, pictures in given.items():
        result[frame : frame + len(pictures)] = pictures
    return result


FADE = 6
"""Frames over which a difference fades."""


def _fade(result: Frames, painted: Frames, known: NDArray[np.bool_], *, edge: int, picture: Frames, step: int) -> None:
    """Add the difference at ``edge`` to the unknown frames beside it, less and less."""
    difference = picture.astype(np.float32) - painted[edge]
    for distance in range(1, FADE + 1):
        frame = edge + step * distance
        if not 0 <= frame < len(result) or known[frame]:
            return
        share = 1 - distance / (FADE + 1)
        result[frame] = np.clip(result[frame] + share * difference, 0, 255).round().astype(np.uint8)
