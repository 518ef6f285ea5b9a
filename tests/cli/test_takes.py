from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ozora.cli.screen import Screen
from ozora.cli.takes import paint_best, tell_take, variants
from ozora.errors import UserError
from ozora.media import write_video
from ozora.pipeline import Progress, Take
from ozora.plan import Finding, Plan, Record
from tests.cli.fake_pipeline import PLAN, RECORD, FakePipeline

MISSING = {7: 2, 8: 0, 9: 0}
"""How many facts the take of a seed does not show."""


def record(plan: Plan) -> Record:
    missing = MISSING[plan.seed]
    findings = tuple(Finding(prompt=0, fact=f"fact {n}", shows=n >= missing) for n in range(3))
    return replace(RECORD, plan=plan, findings=findings)


class Takes(FakePipeline):
    """Paints a gray that is the seed."""

    def run(self, plan: Plan, *, preview: bool = False) -> Iterator[Progress | Take]:
        shape = plan.shape
        yield Progress(stage="paint", done=1, total=1)
        frames = np.full((shape.frames, shape.height, shape.width, 3), plan.seed, np.uint8)
        yield Take(frames=frames, record=record(plan))

    def write(self, take: Take, path: Path) -> Path:
        write_video(take.frames, take.record.plan.shape.fps, path)
        return path


def test_the_take_that_shows_most_is_kept(tmp_path: Path) -> None:
    shown = io.StringIO()
    path, kept = paint_best(Takes(), PLAN, tmp_path / "a.mp4", Screen(console=Console(file=shown, width=120)), 3)
    assert kept.plan.seed == 8, "the first of equals"
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"] and path == tmp_path / "a.mp4"
    told = shown.getvalue()
    assert "take 1 of 3, seed 7: not seen: fact 0; fact 1" in told and "kept: the take of seed 8" in told


def test_takes_are_seeds_one_after_another() -> None:
    last = replace(PLAN, seed=2**63 - 1)
    assert [one.seed for one in variants(PLAN, 3)] == [7, 8, 9]
    assert [one.seed for one in variants(last, 2)] == [2**63 - 1, 0]


def test_a_take_that_nobody_looked_at_is_said_to_be_so() -> None:
    assert tell_take(RECORD) == "seed 7: not checked"
    assert tell_take(record(replace(PLAN, seed=8))) == "seed 8: all 3 facts are seen"


def test_takes_that_do_not_fit_into_memory_are_refused(tmp_path: Path) -> None:
    large = replace(PLAN, shape=replace(PLAN.shape, frames=1500, height=1280, width=720))
    with pytest.raises(UserError, match="--keep all"):
        paint_best(Takes(), large, tmp_path / "a.mp4", Screen(quiet=True), 2)
    assert not list(tmp_path.iterdir())
