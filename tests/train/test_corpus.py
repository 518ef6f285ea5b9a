from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ozora.errors import RendererError
from ozora.language.vocabulary import SMALL
from ozora.shapes import VideoShape
from ozora.stage.opengl import context
from ozora.stage.sampling import draw_scene
from ozora.train.corpus import Stage


@pytest.mark.egl
def test_a_seed_is_a_clip() -> None:
    try:
        context()
    except RendererError as error:
        pytest.skip(str(error))
    stage = Stage(VideoShape(frames=13, height=64, width=112, fps=Fraction(12)), SMALL)
    first, again, other = stage.clip(5), stage.clip(5), stage.clip(6)
    assert first.rgb.shape == (13, 64, 112, 3)
    assert np.array_equal(first.rgb, again.rgb)
    assert not np.array_equal(first.rgb, other.rgb)
    assert first.cover.max() == 255
    assert first.caption(0) == again.caption(0)
    assert len({first.caption(turn) for turn in range(12)}) > 3
    assert len(stage.clip(5, frames=7).rgb) == 7


@pytest.mark.egl
def test_in_passing_clips_things_come_and_go() -> None:
    """Everything that walks is in the picture for four seconds otherwise."""
    shape = VideoShape(frames=49, height=64, width=112, fps=Fraction(12))
    usual, passing = Stage(shape, SMALL), Stage(shape, SMALL, passing=True)
    walkers = [
        seed
        for seed in range(60)
        if any(fact.value in ("left", "right") for fact in draw_scene(seed, SMALL)[1].facts if fact.kind == "motion")
    ][:12]
    assert len(walkers) > 5

    def empty_ends(stage: Stage) -> int:
        covers = [stage.clip(seed).cover for seed in walkers]
        return sum(cover[end].max() == 0 for cover in covers for end in (0, -1))

    assert empty_ends(usual) == 0
    assert empty_ends(passing) > len(walkers) / 4
    assert usual.clip(walkers[0]).statement == passing.clip(walkers[0]).statement
