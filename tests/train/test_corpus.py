from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ozora.errors import RendererError
from ozora.language.vocabulary import SMALL
from ozora.shapes import VideoShape
from ozora.stage.opengl import context
from ozora.stage.sampling import draw_scene
from ozora.train.corpus import Stage, nearest_middles


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


def test_a_frame_lies_between_two_middle_ones() -> None:
    """Of frames 1 to 3 and 4 to 6 the middle ones are 2 and 5; the first is its own."""
    own, other = nearest_middles(7, 3)
    assert own.tolist() == [0, 2, 2, 2, 5, 5, 5]
    assert other.tolist() == [0, 0, 5, 5, 2, 5, 5], "behind the last middle frame there is no other"


@pytest.mark.egl
def test_flow_leads_to_where_the_pixels_are() -> None:
    """What is fetched from a middle picture is nearer to a frame than that picture itself; spins and limbs included."""
    stage = Stage(VideoShape(frames=13, height=128, width=224, fps=Fraction(12)), SMALL)
    y, x = np.mgrid[:128, :224]
    still: list[float] = []
    moved: list[float] = []
    for seed in range(16):
        rgb, flow = stage.clip(seed, frames=13).rgb.astype(float), stage.flow(seed, frames=13, time=6)
        assert flow.shape == (4, 12, 128, 224)
        for (across, down), middle in ((flow[:2, 5], 3), (flow[2:, 5], 9)):  # of frame 6
            moves = np.hypot(across, down) > 0.02
            if moves.any():
                rows, columns = (y + 128 * down).clip(0, 127).round(), (x + 128 * across).clip(0, 223).round()
                fetched = rgb[middle][rows.astype(int), columns.astype(int)]
                still.append(np.abs(rgb[middle] - rgb[6])[moves].mean())
                moved.append(np.abs(fetched - rgb[6])[moves].mean())
    assert len(still) > 8
    assert 0 < sum(moved) < 0.5 * sum(still)
