from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ozora.errors import RendererError
from ozora.shapes import VideoShape
from ozora.train.corpus import Stage
from ozora.world.renderer import context
from ozora.world.vocabulary import SMALL


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
