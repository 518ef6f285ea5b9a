"""Time on a timeline: rational numbers, never floats.

A rate is frames a second as a ``Fraction`` (29.97 is 30000/1001). A time is seconds as a ``Fraction``.
Frame ``i`` is shown from ``i / rate`` to ``(i + 1) / rate`` (the half-open convention of OpenTimelineIO).
"""

from __future__ import annotations

import re
from fractions import Fraction

NTSC = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001), "59.94": Fraction(60000, 1001)}


def exact(value: str) -> Fraction:
    """A number as people write it: ``"4"``, ``"-2.5"``, ``"1/3"``. ``ValueError`` for anything else, such as ``"1e9"``,
    which as a fraction could fill the memory."""
    text = value.strip()
    if len(text) > 40 or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+|\d+/0*[1-9]\d*)", text):
        raise ValueError(f"'{value[:40]}' is no number")
    return Fraction(text)


def rate(value: str | int | float | Fraction) -> Fraction:
    """Frame rate from ``24``, ``"30000/1001"`` or ``"29.97"``. ``ValueError`` when it is not a positive number."""
    text = str(value).strip()
    result = NTSC.get(text) or exact(text).limit_denominator(1001)
    if result <= 0:
        raise ValueError(f"a frame rate must be positive, not {text}")
    return result


def frame_at(time_s: Fraction, fps: Fraction) -> int:
    """Index of the frame that is on screen at ``time_s``."""
    return int(time_s * fps // 1)


def time_of(frame: int, fps: Fraction) -> Fraction:
    """Seconds at which ``frame`` begins."""
    return Fraction(frame) / fps
