"""A finished clip as it lies in a folder: pictures, sound, and its record beside it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ozora.media import sidecar, write_video
from ozora.plan import Prompt
from tests.media.films import tone
from tests.trust.records import RECORD

PROMPTS = (
    Prompt(text="a red ball rolls left", start_s=Fraction(0), end_s=Fraction(1, 2)),
    Prompt(text="then it <stops> & rests", start_s=Fraction(1, 2)),
)


def make_finished(path: Path, *, frames: int = 24, fps: Fraction = Fraction(24), sound: bool = True) -> Path:
    """Frame ``i`` is gray of level ``8 i``."""
    levels = (8 * np.arange(frames) % 250).astype(np.uint8)
    clip = np.broadcast_to(levels[:, None, None, None], (frames, 128, 256, 3)).copy()
    write_video(clip, fps, path, sound=tone(float(frames / fps)) if sound else None)
    record = replace(RECORD, plan=replace(RECORD.plan, prompts=PROMPTS))
    sidecar(path).write_text(record.to_json(), encoding="utf-8")
    return path
