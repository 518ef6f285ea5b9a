"""Numbers that a model paints must be finite: weights or a device in half precision can make others of them.

Where floats become pixels such numbers would turn into black or white without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ozora.errors import PaintingError

if TYPE_CHECKING:
    from torch import Tensor


def check_finite(values: Tensor | NDArray[Any], model: str) -> None:
    """``PaintingError`` when one of the numbers that ``model`` made is infinite or none at all."""
    is_finite = np.isfinite(values).all() if isinstance(values, np.ndarray) else values.isfinite().all().item()
    if not is_finite:
        raise PaintingError(
            f"{model} has painted numbers that are not finite: try another seed or less guidance; when it is so with "
            f"every prompt, get the weights again"
        )
