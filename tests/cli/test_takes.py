from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from ozora.cli.screen import Screen
from ozora.cli.takes import paint_all, tell_take
from ozora.media import write_video
from ozora.pipeline import Progress, variants
from ozora.plan import Finding, Plan, Record
from tests.cli.fake_pipeline import PLAN, RECORD, FakePipeline

MISSING = {7: 2, 8: 0, 9: 1}
"""How many facts the take of a seed does not show."""


def record(plan: Plan) -> Record:
    missing = MISSING[plan.seed]
    findings = tuple(Finding(prompt=0, fact=f"fact {n}", shows=n >= missing) for n in range(3))
    return replace(RECORD, plan=plan, findings=findings)


class Takes(FakePipeline):
    """Paints a gray that is ten times the seed."""

    def make(self, plan: Plan, path: Path, *, takes: int = 1, preview: bool = False) -> Iterator[Progress | Record]:
        shape = plan.shape
        yield Progress(stage="paint", done=1, total=1)
        frames = np.full((shape.frames, shape.height, shape.width, 3), 10 * plan.seed, np.uint8)
        write_video(frames, shape.fps, path)
        yield record(plan)


def test_all_takes_stay_and_a_sheet_shows_them_the_best_one_first(tmp_path: Path) -> None:
    shown = io.StringIO()
    screen = Screen(console=Console(file=shown, width=120))
    sheet, made = paint_all(Takes(), variants(PLAN, 3), tmp_path / "a.mp4", screen)
    assert [one.name for one, _ in made] == ["a-2.mp4", "a-3.mp4", "a-1.mp4"]
    assert sheet == tmp_path / "a-takes.png" and "take 1 of 3, seed 7: not seen: fact 0; fact 1" in shown.getvalue()
    pixels = np.asarray(Image.open(sheet).convert("L"))
    rows = [pixels[pixels.shape[0] * n // 3 + 20, 30] for n in range(3)]
    assert [round(int(gray) / 10) for gray in rows] == [8, 9, 7]


def test_a_take_that_nobody_looked_at_is_said_to_be_so() -> None:
    assert tell_take(RECORD) == "seed 7: not checked"
    assert tell_take(record(replace(PLAN, seed=8))) == "seed 8: all 3 facts are seen"
