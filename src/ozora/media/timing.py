"""When the frames of a file are shown, and how they come to a constant rate.

Cameras of phones and screen recorders write a frame when they have one. Everything after reading counts frames, so a
clip is first brought to a constant rate: each new frame is what was on screen in the middle of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from ozora.timecode import NTSC

RATES = (*(Fraction(rate) for rate in (5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 30, 48, 50, 60, 90, 120)), *NTSC.values())
"""What a variable rate is brought to: the nearest of these."""
STILL_RATE = Fraction(24)
"""For a single frame that has no rate."""

_T = TypeVar("_T")
_MAX_DRIFT = 0.45  # of a frame: jitter of clocks and rounding of timestamps stay below it, a lost frame does not
_MAX_RATE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """``count`` frames at ``fps``, the first of which is shown at ``start_s`` of the file.

    ``variable`` is the lowest and the highest rate (5th and 95th percentile) of a file that has no constant one.
    """

    fps: Fraction
    count: int
    start_s: Fraction = Fraction(0)
    variable: tuple[float, float] | None = None


def measure(ticks: Sequence[int], tick_s: Fraction, declared: Sequence[Fraction | None]) -> Timing:
    """The timing of frames shown at ``ticks`` of ``tick_s`` seconds; ``declared`` are rates that the file gives.

    A declared rate counts when no frame is farther than 0.45 of a frame from where it would be.
    """
    rates = [Fraction(rate) for rate in declared if rate and 0 < rate <= _MAX_RATE]
    shown = np.sort(np.asarray(ticks, np.float64))
    start_s = int(shown[0]) * tick_s if len(shown) else Fraction(0)
    if len(shown) < 2:
        return Timing(fps=rates[0] if rates else STILL_RATE, count=len(shown), start_s=start_s)
    times_s = (shown - shown[0]) * float(tick_s)
    for rate in rates:
        if np.abs(times_s * float(rate) - np.arange(len(times_s))).max() <= _MAX_DRIFT:
            return Timing(fps=rate, count=len(times_s), start_s=start_s)
    steps_s = np.diff(times_s)
    steps_s = steps_s[steps_s > 0]
    if not len(steps_s):
        return Timing(fps=rates[0] if rates else STILL_RATE, count=len(times_s), start_s=start_s)
    slow, middle, fast = (float(1 / np.percentile(steps_s, share)) for share in (95, 50, 5))
    fps = min(RATES, key=lambda rate: abs(np.log(float(rate) / middle)))
    count = max(1, round((times_s[-1] + float(np.median(steps_s))) * float(fps)))
    return Timing(fps=fps, count=count, start_s=start_s, variable=(slow, fast))


def conform(frames: Iterable[tuple[Fraction | None, _T]], timing: Timing) -> Iterator[_T]:
    """Frames with the time when each is shown, in seconds of the file, at the constant rate of ``timing``.

    Frames of a constant rate pass as they are. Of others there are ``timing.count`` whatever their times say.
    """
    if timing.variable is None:
        yield from (frame for _, frame in frames)
        return
    given, before = 0, None
    for time_s, frame in frames:
        if before is not None and time_s is not None:
            while given < timing.count and (given + Fraction(1, 2)) / timing.fps < time_s - timing.start_s:
                yield before[0]
                given += 1
        before = (frame,)
    while before is not None and given < timing.count:
        yield before[0]
        given += 1


def respace(frames: Iterable[_T], fps: Fraction, wanted: Fraction) -> Iterator[_T]:
    """Frames at ``fps`` as ``wanted`` a second: each new one is what is on screen in the middle of its time."""
    given = 0
    for index, frame in enumerate(frames, start=1):
        while (given + Fraction(1, 2)) / wanted < index / fps:
            yield frame
            given += 1
