from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import extend
from ozora.edit.given import paste, read_given, retime
from ozora.errors import SizeError, UserError
from ozora.media import read_video
from ozora.plan import Plan, Prompt
from ozora.shapes import VideoShape
from tests.edit.clips import make_clip


def plan(layout_shape: VideoShape, *conditions: object) -> Plan:
    return Plan(prompts=(Prompt(text="a ball"),), shape=layout_shape, model="maquette", seed=1, conditions=conditions)  # type: ignore[arg-type]


def test_given_frames_are_the_files_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    layout = extend(source, before_s=Fraction(1, 2))
    given = read_given(plan(layout.shape, *layout.conditions))
    assert list(given) == [6]
    assert np.array_equal(given[6], read_video(source.path)[0])


def test_another_rate_takes_the_nearest_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24, fps=Fraction(24))
    shape = replace(source.shape, frames=30, fps=Fraction(12))
    given = read_given(plan(shape, source.given(frame=0)))
    assert np.array_equal(given[0], read_video(source.path)[0][::2])


def test_files_that_changed_overlap_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    long = replace(source.shape, frames=40)
    with pytest.raises(SizeError, match="overlaps"):
        read_given(plan(long, source.given(frame=0), source.given(frame=12)))
    with pytest.raises(SizeError, match="fit into"):
        read_given(plan(source.shape, source.given(frame=1)))
    with pytest.raises(SizeError, match="no piece"):
        read_given(plan(long, replace(source.given(frame=0), start_s=Fraction(2))))
    with pytest.raises(UserError, match="not the file"):
        read_given(plan(long, replace(source.given(frame=0), sha256="00" * 32)))


def test_runs_move_to_another_timeline() -> None:
    run = np.arange(24, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    moved = retime({24: run}, Fraction(24), Fraction(12), 49)
    assert list(moved) == [12]
    assert moved[12][:, 0, 0, 0].tolist() == list(range(0, 24, 2))
    assert list(retime({24: run[:1]}, Fraction(24), Fraction(12), 49)) == [12]
    assert retime({3: run}, Fraction(12), Fraction(12), 10)[3].shape[0] == 7


def test_pasted_frames_are_untouched_and_their_neighbours_come_close() -> None:
    painted = np.full((20, 4, 4, 3), 100, np.uint8)
    given = {5: np.full((3, 4, 4, 3), 140, np.uint8)}
    result = paste(painted, given)
    assert np.array_equal(result[5:8], given[5])
    levels = result[:, 0, 0, 0].astype(int)
    assert 130 < levels[8] < 140
    assert 130 < levels[4] < 140
    assert levels[0] == levels[-1] == 100 or levels[0] > 100
    assert (np.diff(levels[8:]) <= 0).all()
    assert paste(painted, {}) is painted
