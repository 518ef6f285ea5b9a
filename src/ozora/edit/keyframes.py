"""Keyframes: pictures that a clip passes through at given times."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from ozora.errors import SizeError
from ozora.media import check_picture
from ozora.plan import Composition, ImageCondition
from ozora.shapes import VideoShape


def keyframes(images: Mapping[Fraction, Path], shape: VideoShape) -> Composition:
    """A clip of ``shape`` that shows each picture at its time in seconds; ``SizeError`` when a time is not in the clip.

    The last frame begins at ``(frames - 1) / fps``; a time past it, up to the duration, means the last frame.
    """
    if not images:
        raise SizeError("there are no keyframes; give at least one picture and its time")
    conditions: dict[int, ImageCondition] = {}
    for time_s, path in sorted(images.items()):
        if not 0 <= time_s <= shape.duration_s:
            raise SizeError(
                f"{float(time_s):g} s is not in the clip; give a time from 0 to {float(shape.duration_s):g}"
            )
        frame = min(round(time_s * shape.fps), shape.frames - 1)
        if frame in conditions:
            raise SizeError(f"two keyframes fall on the frame at {float(time_s):g} s; move one of them")
        check_picture(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        conditions[frame] = ImageCondition(path=str(path), sha256=digest, frame=frame)
    return Composition(shape=shape, conditions=tuple(conditions.values()))
