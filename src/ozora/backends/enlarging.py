"""Larger pictures of finished clips of the stage, by the enlarger in the shipped weights: twice the size, or four
times."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ozora.backends.finite import check_finite
from ozora.errors import WeightsError
from ozora.handover.upscale import Picture, lanczos
from ozora.model.precision import mixed
from ozora.model.upscaler import FACTOR, Upscaler
from ozora.model.weights import SHIPPED, load_bundle

MOST = 2
"""Doublings, one after another; what is larger still is brought there by Lanczos."""
LEFT = 1.5
"""The last enlargement up to this is by Lanczos; a doubling more would cost more than one sees."""


def enlarge(frames: Iterator[Picture], height: int, width: int) -> Iterator[Picture]:
    """Frames [h, w, 3] of even sides at ``height`` x ``width``: doubled as often as it takes, then by Lanczos.

    An ``Enlarge`` of ``handover/upscale.py``. ``WeightsError`` when the weights are missing or damaged.
    """
    for frame in frames:
        picture = frame
        for _ in range(count_doublings(frame.shape[0], frame.shape[1], height, width)):
            picture = double(_enlarger(), picture)
        yield from lanczos(iter([picture]), height, width)


def count_doublings(height: int, width: int, wanted_height: int, wanted_width: int) -> int:
    """How often a picture is doubled on its way to the wanted size."""
    ratio = max(wanted_height / height, wanted_width / width)
    return min(MOST, max(0, math.ceil(math.log2(ratio / LEFT))))


@torch.inference_mode()
def double(model: Upscaler, picture: Picture) -> Picture:
    """One picture [h, w, 3] at twice its size; an odd side gets a pixel more at its end for the while."""
    height, width, _ = picture.shape
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    pixels = torch.from_numpy(even).permute(2, 0, 1)[None].float() / 127.5 - 1
    with mixed(pixels.device):
        large = model(pixels.contiguous(memory_format=torch.channels_last))
    check_finite(large, "the enlarger")
    large = large.float().clamp(-1, 1)
    result: NDArray[np.uint8] = (large[0] * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return result[: FACTOR * height, : FACTOR * width]


@functools.cache
def _enlarger() -> Upscaler:
    path = SHIPPED / "maquette.safetensors"
    model = load_bundle(path).model.enlarger
    if model is None:
        raise WeightsError(f"the weights {path} hold no enlarger; enlarge by Lanczos (--way lanczos) or install again")
    return model
