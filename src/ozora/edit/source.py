"""A source: a clip that an edit begins with, and the conditions that come of its pieces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ozora.errors import SizeError
from ozora.media import FootageReader
from ozora.plan import Box, ClipCondition
from ozora.shapes import VideoShape

MAX_SIDE, MAX_FRAMES, MAX_PIXELS = 2048, 3600, 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A clip's file, the hash of its bytes, its extent, and what reading it does to it."""

    path: Path
    sha256: str
    shape: VideoShape
    notes: tuple[str, ...] = ()

    def given(self, *, frame: int, first: int = 0, frames: int | None = None) -> ClipCondition:
        """``frames`` pictures from the ``first`` on (default: all), landing on the plan's frame ``frame``."""
        fps = self.shape.fps
        end = None if frames is None or first + frames == self.shape.frames else Fraction(first + frames) / fps
        return ClipCondition(path=str(self.path), sha256=self.sha256, frame=frame, start_s=first / fps, end_s=end)

    def piece(self, *, frame: int, start_s: Fraction, end_s: Fraction | None, crop: Box | None = None) -> ClipCondition:
        """Seconds ``start_s`` to ``end_s`` (``None``: to its end), landing on the plan's frame ``frame``; ``SizeError``
        when they are not in the clip."""
        duration_s = self.shape.duration_s
        if not 0 <= start_s < (duration_s if end_s is None else end_s) <= duration_s:
            end = "its end" if end_s is None else f"{float(end_s):g} s"
            raise SizeError(
                f"{self.path} has no piece from {float(start_s):g} s to {end}; it is {float(duration_s):g} s long"
            )
        return ClipCondition(
            path=str(self.path), sha256=self.sha256, frame=frame, start_s=start_s, end_s=end_s, crop=crop
        )

    def brought_to(self, shape: VideoShape) -> str:
        """What becomes of it beside a clip of ``shape``, as a sentence; empty when nothing does."""
        own = self.shape
        if (own.width, own.height, own.fps) == (shape.width, shape.height, shape.fps):
            return ""
        cut = own.width * shape.height != own.height * shape.width
        was, becomes = (f"{it.width}x{it.height} at {float(it.fps):.5g} frames a second" for it in (own, shape))
        return f"{self.path}: {was} is brought to {becomes}" + (", its middle cut to the shape" if cut else "")


def read_source(path: Path) -> Source:
    """Look at a clip, a frame at a time; ``MediaError`` when it cannot be read, is larger than 2048 pixels a side, or
    is longer than ``read_footage`` takes."""
    with FootageReader(path, max_frames=MAX_FRAMES, max_pixels=MAX_PIXELS, max_side=MAX_SIDE) as reader:
        num_frames = sum(1 for _ in reader)
        shape = VideoShape(frames=num_frames, height=reader.height, width=reader.width, fps=reader.fps)
        notes = reader.notes
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(path=path, sha256=sha256, shape=shape, notes=notes)
