"""Given pictures: read for a plan, brought to a model's extent, and pasted over what was painted in their place.

Letters: ``f n`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import SizeError, UserError
from ozora.media import Piece, lay_sound, read_image, read_video, resize_frames
from ozora.plan import (
    Box,
    ClipCondition,
    Condition,
    FrameOrigins,
    Hole,
    Plan,
    ReferenceCondition,
    is_init_video,
    is_kept,
)
from ozora.plan import Frames as FramesCondition
from ozora.shapes import VideoShape

STILLS = (".png", ".jpg", ".jpeg", ".webp")
"""Suffixes of mask files that are one picture; others are clips."""

Frames = NDArray[np.uint8]
Sound = NDArray[np.float32]
"""[n, 2] at 48 kHz."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Pictures [n, h, w, 3] that are known from ``frame`` on: whole, or the pixels of ``known`` [n, h, w]."""

    frame: int
    pictures: Frames
    known: Mask | None = None

    @property
    def last(self) -> int:
        """The first frame after it."""
        return self.frame + len(self.pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A picture [h, w, 3] of something that looks like that from ``start_s`` to ``end_s`` (``None``: to the end)."""

    picture: NDArray[np.uint8]
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    def holds(self, time_s: Fraction) -> bool:
        return self.start_s <= time_s and (self.end_s is None or time_s < self.end_s)


def read_references(plan: Plan) -> tuple[Reference, ...]:
    """The references of a plan, each at its own size. ``UserError`` when a file is not what it was."""
    references = [item for item in plan.conditions if isinstance(item, ReferenceCondition)]
    return tuple(Reference(picture=_read_still(item), start_s=item.start_s, end_s=item.end_s) for item in references)


def read_given(plan: Plan) -> tuple[Given, ...]:
    """What all conditions give, at the plan's size and rate, in order. ``UserError`` when a file is not what it was,
    and ``SizeError`` when what is given does not fit into the clip or overlaps."""
    result: list[Given] = []
    for item in _kept(plan):
        given = _open(item, Given(frame=item.frame, pictures=_read(item, plan.shape)), plan.shape)
        if given.frame < 0 or given.last > plan.shape.frames:
            extent = f"frames {given.frame} to {given.last} of {plan.shape.frames}"
            raise SizeError(f"{item.path} does not fit into the clip: {extent}")
        if result and given.frame < result[-1].last:
            raise SizeError(f"{item.path} overlaps with another given piece at frame {item.frame}; move one of them")
        result.append(given)
    return tuple(result)


def count_origins(given: Sequence[Given], frames: int) -> FrameOrigins:
    """Return how many of a clip's ``frames`` are kept whole, kept in part, or all painted. ``given`` is what
    ``read_given`` made of its plan."""
    kept = part = 0
    for item in given:
        if item.known is None:
            kept += len(item.pictures)
            continue
        whole, some = item.known.all(axis=(1, 2)), item.known.any(axis=(1, 2))
        kept += int(whole.sum())
        part += int((some & ~whole).sum())
    return FrameOrigins(painted=frames - kept - part, part=part, kept=kept)


def _kept(plan: Plan) -> list[FramesCondition]:
    """What is kept of the clip, in order of time."""
    return sorted((item for item in plan.conditions if is_kept(item)), key=lambda item: item.frame)


def read_given_sound(plan: Plan, given: Sequence[Given]) -> Sound | None:
    """The sound of the clips whose frames are kept, where they are kept; ``None`` when there is none. ``given`` is what
    ``read_given`` made of the same plan."""
    pieces = [
        Piece(
            path=Path(item.path),
            start_s=item.start_s,
            end_s=item.start_s + Fraction(len(kept.pictures)) / plan.shape.fps,
            at_s=Fraction(item.frame) / plan.shape.fps,
        )
        for item, kept in zip(_kept(plan), given, strict=True)
        if isinstance(item, ClipCondition)
    ]
    return lay_sound(pieces, plan.shape.duration_s)


def read_init_video(plan: Plan) -> Frames | None:
    """The frames that are painted over, mixed by their weights; ``SizeError`` unless each covers the whole clip."""
    items = [item for item in plan.conditions if isinstance(item, ClipCondition) and is_init_video(item)]
    if not items:
        return None
    times = np.arange(plan.shape.frames) / float(plan.shape.fps)
    mixed = np.zeros((plan.shape.frames, plan.shape.height, plan.shape.width, 3), np.float32)
    total = np.zeros(plan.shape.frames, np.float32)
    for item in items:
        pictures = _read(item, plan.shape)
        if item.frame != 0 or len(pictures) != plan.shape.frames:
            raise SizeError(f"{item.path} is to be painted over; it must be as long as the clip")
        weight = _weights(item, times)
        mixed += weight[:, None, None, None] * pictures
        total += weight
    if (total <= 0).any():
        raise SizeError("the weights of the clips leave a moment to none of them; give one more than 0 everywhere")
    result: Frames = (mixed / total[:, None, None, None]).round().astype(np.uint8)
    return result


def _weights(item: ClipCondition, times: NDArray[np.float64]) -> NDArray[np.float32]:
    if not item.weights:
        return np.ones(len(times), np.float32)
    at, weight = zip(*((float(time_s), float(weight)) for time_s, weight in item.weights), strict=True)
    return np.asarray(np.interp(times, at, weight), np.float32)


def _read(item: Condition, shape: VideoShape) -> Frames:
    """The pictures of a condition at the plan's rate; at its size, or at that of the box where they land."""
    path = Path(item.path)
    height, width = shape.height, shape.width
    if isinstance(item, ClipCondition):
        if item.into is not None:
            rows, columns = pixels(item.into, height, width)
            height, width = rows.stop - rows.start, columns.stop - columns.start
        frames, fps = read_video(path)
        pictures = frames[_piece(item, len(frames), fps, shape.fps)]
    else:
        pictures = read_image(path)[None]
    pictures = resize_frames(_cropped(pictures, item.crop), height, width)
    _check_hash(path, item.sha256)
    return pictures


def _read_still(item: ReferenceCondition) -> NDArray[np.uint8]:
    """The picture [h, w, 3] of a reference, or the part of it that is meant."""
    picture: NDArray[np.uint8] = _cropped(read_image(Path(item.path))[None], item.crop)[0]
    _check_hash(Path(item.path), item.sha256)
    return picture


def _cropped(pictures: Frames, crop: Box | None) -> Frames:
    if crop is None:
        return pictures
    rows, columns = pixels(crop, *pictures.shape[1:3])
    part: Frames = pictures[:, rows, columns]
    return part


def _check_hash(path: Path, sha256: str) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise UserError(f"{path} is not the file that the plan was made with; make the plan again")


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


def pixels(box: Box, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of a box; ``SizeError`` when it is not in the picture or holds no pixel."""
    top, bottom = (round(float(share) * height) for share in (box.top, box.bottom))
    left, right = (round(float(share) * width) for share in (box.left, box.right))
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        sides = ", ".join(f"{float(getattr(box, side)):g}" for side in ("left", "top", "right", "bottom"))
        raise SizeError(f"the box {sides} is not in the picture; give left < right and top < bottom from 0 to 1")
    return slice(top, bottom), slice(left, right)


def _open(item: Condition, given: Given, shape: VideoShape) -> Given:
    """What is given, at the plan's size, without the holes of its condition."""
    if not isinstance(item, ClipCondition) or (item.into is None and item.hole is None):
        return given
    n = len(given.pictures)
    pictures = np.zeros((n, shape.height, shape.width, 3), np.uint8)
    known = np.zeros((n, shape.height, shape.width), bool)
    part = (slice(None), *pixels(item.into or Box(), shape.height, shape.width))
    pictures[part] = given.pictures
    known[part] = True
    if item.hole is not None:
        known &= ~_hole(item.hole, given, shape)
    return Given(frame=given.frame, pictures=pictures, known=known)


def _hole(hole: Hole, given: Given, shape: VideoShape) -> Mask:
    """True where it is painted anew [n, h, w]."""
    open_to = np.zeros((len(given.pictures), shape.height, shape.width), bool)
    if hole.box is not None:
        open_to[(slice(None), *pixels(hole.box, shape.height, shape.width))] = True
    if hole.mask:
        open_to |= _read_mask(Path(hole.mask), hole.sha256, len(open_to), shape)
    times = (given.frame + np.arange(len(open_to))) / float(shape.fps)
    end_s = float("inf") if hole.end_s is None else float(hole.end_s)
    open_to[(times < float(hole.start_s) - 1e-6) | (times >= end_s - 1e-6)] = False
    return open_to


def _read_mask(path: Path, sha256: str, count: int, shape: VideoShape) -> Mask:
    """A mask file [n, h, w]: a picture for all frames, or a clip of as many (its last one is repeated)."""
    pictures = read_image(path)[None] if path.suffix.lower() in STILLS else read_video(path)[0]
    _check_hash(path, sha256)
    sized = resize_frames(pictures, shape.height, shape.width).max(axis=-1) > 127
    return np.asarray(sized[np.minimum(np.arange(count), len(sized) - 1)])


def to_native(given: Sequence[Given], wanted: VideoShape, native: VideoShape) -> tuple[Given, ...]:
    """What is given, where and as large as a backend paints it: the reverse of the pipeline's ``conform``."""
    return tuple(_fit(item, native) for item in retime(given, wanted.fps, native.fps, native.frames))


def _fit(given: Given, native: VideoShape) -> Given:
    """The middle of the painted picture becomes the plan's; only there it can be known."""
    height, width = given.pictures.shape[1:3]
    scale = min(native.height / height, native.width / width)
    inner_height = min(native.height, round(height * scale))
    inner_width = min(native.width, round(width * scale))
    pictures = resize_frames(given.pictures, inner_height, inner_width)
    known = given.known
    if known is not None and known.shape[1:] != (inner_height, inner_width):
        gray = np.repeat((~known).astype(np.uint8)[..., None] * 255, 3, axis=-1)
        known = resize_frames(gray, inner_height, inner_width)[..., 0] == 0
    if (inner_height, inner_width) == (native.height, native.width):
        return Given(frame=given.frame, pictures=pictures, known=known)
    top, left = (native.height - inner_height) // 2, (native.width - inner_width) // 2
    around = ((0, 0), (top, native.height - inner_height - top), (left, native.width - inner_width - left))
    inside = np.ones(pictures.shape[:3], bool) if known is None else known
    return Given(
        frame=given.frame, pictures=np.pad(pictures, (*around, (0, 0)), mode="edge"), known=np.pad(inside, around)
    )


def retime(given: Sequence[Given], fps: Fraction, wanted: Fraction, count: int) -> list[Given]:
    """The same pictures on a timeline of ``count`` frames at another rate: frames whose time lies in a given run."""
    result: list[Given] = []
    for item in given:
        frame, size = item.frame, len(item.pictures)
        first = -(-frame * wanted // fps) if size > 1 else round(frame * wanted / fps)
        last = min((frame + size - 1) * wanted // fps if size > 1 else first, count - 1)
        if last >= first:
            index = np.clip((np.arange(first, last + 1) * float(fps / wanted)).round().astype(int) - frame, 0, size - 1)
            known = None if item.known is None else item.known[index]
            result.append(Given(frame=int(first), pictures=item.pictures[index], known=known))
    return result
