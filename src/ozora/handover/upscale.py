"""A finished clip in a larger size and at a higher rate, frame by frame, however long it is.

How a frame is enlarged is one function from frames to frames: Lanczos here; a learned decoder is another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import OutputError, SizeError
from ozora.handover.seams import Publish, Tell
from ozora.media import FootageReader, VideoWriter, check_output, fit_image, read_sound
from ozora.media.inbetween import fill
from ozora.media.sound_file import holds_sound

Picture = NDArray[np.uint8]
Enlarge = Callable[[Iterator[Picture], int, int], Iterator[Picture]]
"""(frames, height, width) -> as many frames of that size. It may look at several frames, but not keep all."""

NAMES = {"720p": 720, "1080p": 1080, "4k": 2160}
"""Sizes by name: pixels of the shorter side. A clip that is nearly 16:9 becomes that, cut a little."""
MAX_SIDE = 7680
MAX_FPS = 120

_SAME_SHAPE = Fraction(1, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlarged:
    """What was written, and sentences for the user."""

    path: Path
    height: int
    width: int
    fps: Fraction
    frames: int
    notes: tuple[str, ...]


def lanczos(frames: Iterator[Picture], height: int, width: int) -> Iterator[Picture]:
    """Each frame for itself: nothing is invented."""
    for frame in frames:
        yield frame if frame.shape[:2] == (height, width) else fit_image(frame, height, width)


def upscale(
    source: Path,
    path: Path,
    *,
    size: str = "",
    fps: Fraction | None = None,
    publish: Publish,
    tell: Tell,
    enlarge: Enlarge = lanczos,
) -> Enlarged:
    """Write ``source`` to ``path`` (.mp4 or .webm) in ``size`` ("1080p", "4k", "1920x1080"; "": its own) at ``fps``.

    The sound is kept. Memory is that of some frames and of the sound. ``MediaError``, ``SizeError`` or ``OutputError``
    say what to change, before work begins.
    """
    check_output(path, frames=2)
    if not holds_sound(path):
        raise OutputError(f"{path.name} would be large or silent: use .mp4 or .webm")
    with FootageReader(source) as reader:
        height, width = choose_size(size, reader.height, reader.width)
        wanted = fps or reader.fps
        frames = round(reader.num_frames / reader.fps * wanted)
        duration_s = reader.num_frames / reader.fps
        if not 0 < wanted <= MAX_FPS:
            raise SizeError(f"{float(wanted):g} frames a second is out of range; give 24, 30 or 60")
        if (height, width, wanted) == (reader.height, reader.width, reader.fps):
            raise SizeError(f"{source} has this size and rate already; give a larger --size or a higher --fps")
    sound = read_sound(source, end_s=duration_s)
    notes: list[str] = []
    done = 0

    def write(draft: Path) -> None:
        nonlocal done
        done = 0
        with (
            FootageReader(source) as reader,
            VideoWriter(draft, height=height, width=width, fps=wanted, sound=sound) as writer,
        ):
            for frame in enlarge(fill(reader, reader.fps, wanted), height, width):
                writer.add(frame)
                done += 1
                tell(path.name, done, frames)
            notes.extend(f"{source}: {note}" for note in reader.notes)

    notes.extend(publish(source, path, write))
    return Enlarged(path=path, height=height, width=width, fps=wanted, frames=done, notes=tuple(dict.fromkeys(notes)))


def choose_size(size: str, height: int, width: int) -> tuple[int, int]:
    """Height and width that ``size`` means for a clip of ``height`` x ``width``; ``SizeError`` when it is no such."""
    if not size:
        return height, width
    named = NAMES.get(size.lower())
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", size)
    if named is not None:
        longer = _even(named * _common(Fraction(max(height, width), min(height, width))))
        wanted_height, wanted_width = (named, longer) if height <= width else (longer, named)
    elif match:
        wanted_width, wanted_height = int(match[1]), int(match[2])
    else:
        raise SizeError(f"'{size}' is no size; give {', '.join(NAMES)} or pixels such as 1920x1080")
    if wanted_height < height or wanted_width < width:
        raise SizeError(f"{wanted_width}x{wanted_height} is smaller than the clip, which is {width}x{height}")
    if max(wanted_height, wanted_width) > MAX_SIDE:
        raise SizeError(f"{wanted_width}x{wanted_height} is too large; up to {MAX_SIDE} pixels a side")
    if abs(Fraction(wanted_width, wanted_height) / Fraction(width, height) - 1) > _SAME_SHAPE:
        raise SizeError(
            f"{wanted_width}x{wanted_height} has another shape than {width}x{height}; reframe the clip first"
        )
    return wanted_height, wanted_width


def _common(shape: Fraction) -> Fraction:
    """16:9 for a shape that is nearly that, such as 448x256; others stay."""
    return Fraction(16, 9) if abs(shape / Fraction(16, 9) - 1) <= _SAME_SHAPE else shape


def _even(side: Fraction) -> int:
    return 2 * round(side / 2)
