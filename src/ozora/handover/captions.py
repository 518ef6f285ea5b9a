"""Subtitles of what was asked for: the prompts over time, as SRT and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ozora.control_characters import escape_controls
from ozora.media import sidecar
from ozora.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A text on screen from ``start_s`` to ``end_s``."""

    text: str
    start_s: Fraction
    end_s: Fraction


def read_cues(path: Path, duration_s: Fraction) -> tuple[Cue, ...]:
    """The prompts in the record beside a clip of ``duration_s``; none when there is no record of Ozora."""
    try:
        plan = Plan.from_dict(json.loads(sidecar(path).read_text(encoding="utf-8"))["plan"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError):
        return ()
    cues = (
        Cue(text=prompt.text, start_s=prompt.start_s, end_s=duration_s if prompt.end_s is None else prompt.end_s)
        for prompt in plan.prompts
    )
    return tuple(cue for cue in cues if cue.text.strip() and cue.start_s < cue.end_s)


def cut_cues(cues: Sequence[Cue], start_s: Fraction, end_s: Fraction, at_s: Fraction) -> tuple[Cue, ...]:
    """Those seen from ``start_s`` to ``end_s`` of a clip that lands at ``at_s``."""
    moved = (
        Cue(
            text=cue.text,
            start_s=max(cue.start_s, start_s) - start_s + at_s,
            end_s=min(cue.end_s, end_s) - start_s + at_s,
        )
        for cue in cues
    )
    return tuple(cue for cue in moved if cue.start_s < cue.end_s)


def to_srt(cues: Sequence[Cue]) -> str:
    """SubRip: numbered, with commas in the times."""
    return "\n".join(
        f"{number}\n{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}\n{_lines(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    )


def to_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT of the W3C; ``&``, ``<`` and ``>`` are written as it wants them."""
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    blocks = [
        f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}\n{_lines(cue.text).translate(escape)}\n" for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _time(time_s: Fraction, point: str) -> str:
    milliseconds = round(time_s * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _lines(text: str) -> str:
    """Without empty lines, which would end the cue, and with control characters written out."""
    return "\n".join(escape_controls(line.strip()) for line in text.splitlines() if line.strip())
