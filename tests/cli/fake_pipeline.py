"""A pipeline without a model, for what stands in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ozora.media import write_video
from ozora.pipeline import Progress
from ozora.plan import Plan, Prompt, Record
from ozora.shapes import VideoShape

PLAN = Plan(
    prompts=(Prompt(text="a red ball"),),
    shape=VideoShape(frames=5, height=32, width=48, fps=Fraction(8)),
    model="fake",
    seed=7,
)
RECORD = Record(
    plan=PLAN,
    backend="fake",
    weights_sha256="0" * 64,
    pixels_sha256="1" * 64,
    versions={"ozora": "0"},
    machine={"cpu": "any"},
    timings_s={"paint": 0.5},
)


class FakePipeline:
    """Paints gray. ``stop`` is raised in the middle of it."""

    def __init__(self, stop: type[BaseException] | None = None) -> None:
        self._stop = stop

    def notes(self, plan: Plan) -> tuple[str, ...]:
        return ("The model does not know the word 'zebra'.",)

    def make(self, plan: Plan, path: Path, *, takes: int = 1, preview: bool = False) -> Iterator[Progress | Record]:
        shape = plan.shape
        frames = np.full((shape.frames, shape.height, shape.width, 3), 128, np.uint8)
        yield Progress(stage="load", done=1, total=1, preview=None)
        yield Progress(stage="paint", done=1, total=2, preview=frames)
        if self._stop is not None:
            raise self._stop
        yield Progress(stage="paint", done=2, total=2, preview=frames[0])
        write_video(frames, shape.fps, path)
        yield RECORD
