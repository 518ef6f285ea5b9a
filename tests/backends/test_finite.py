from __future__ import annotations

import numpy as np
import pytest
import torch

from ozora.backends.finite import check_finite
from ozora.errors import PaintingError


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_one_number_is_enough(wrong: float) -> None:
    for values in (np.zeros((2, 3), np.float32), torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bfloat16)):
        check_finite(values, "the model")
        values[1, 2] = wrong
        with pytest.raises(PaintingError, match="the model has painted numbers"):
            check_finite(values, "the model")
