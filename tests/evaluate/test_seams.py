from __future__ import annotations

import numpy as np
import pytest

from ozora.evaluate.seams import seam_jump


def test_a_jump_is_in_medians_of_the_change() -> None:
    frames = (2 * np.arange(20, dtype=np.uint8))[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    assert seam_jump(frames, [10]) == pytest.approx(1.0)
    frames[10:] += 8
    assert seam_jump(frames, [10]) == pytest.approx(5.0)
    assert seam_jump(np.zeros((5, 4, 4, 3), np.uint8), [2]) == 0
