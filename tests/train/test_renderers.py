from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ozora.language.vocabulary import SMALL
from ozora.shapes import VideoShape
from ozora.train.renderers import Order, idle_cores, render_clips

ORDER = Order(shape=VideoShape(frames=13, height=32, width=48, fps=Fraction(12)), vocabulary=SMALL, frames=7, time=6)


@pytest.mark.egl
@pytest.mark.slow
def test_several_processes_give_the_clips_of_one() -> None:
    here, there = (list(render_clips(ORDER, range(20), workers=workers)) for workers in (0, 2))
    assert [clip.seed for clip, _ in there] == list(range(20))
    for (clip, where), (same, same_where) in zip(here, there, strict=True):
        assert clip.rgb.shape == (7, 32, 48, 3)
        assert np.array_equal(clip.rgb, same.rgb)
        assert np.array_equal(where.thing, same_where.thing)
        assert clip.statement == same.statement


@pytest.mark.egl
def test_a_dropped_generator_stops() -> None:
    clips = render_clips(ORDER, iter(range(10**9)), workers=0)
    assert next(clips)[0].seed == 0
    clips.close()


def test_a_small_machine_renders_in_one_process() -> None:
    assert idle_cores() == 0 or idle_cores() >= 4
