from __future__ import annotations

import numpy as np
import pytest
import torch

from ozora.backends import enlarging
from ozora.backends.enlarging import count_doublings, double, enlarge
from ozora.errors import PaintingError
from ozora.model.upscaler import Upscaler, UpscalerConfig


@pytest.mark.parametrize(
    ("wanted", "times"),
    [((256, 448), 0), ((300, 525), 0), ((400, 700), 1), ((512, 896), 1), ((720, 1280), 1), ((1080, 1920), 2)],
)
def test_a_picture_is_doubled_as_often_as_it_takes(wanted: tuple[int, int], times: int) -> None:
    assert count_doublings(256, 448, *wanted) == times
    assert count_doublings(256, 448, 8 * 256, 8 * 448) == 2


def test_an_odd_picture_becomes_twice_as_large() -> None:
    model = Upscaler(UpscalerConfig(width=8, blocks=1)).eval()
    ramp = np.linspace(20, 200, 33).astype(np.uint8)[None, :, None].repeat(17, axis=0).repeat(3, axis=2)
    large = double(model, ramp)
    assert large.shape == (34, 66, 3)
    assert np.abs(large[17, ::2, 0].astype(int) - ramp[8, :, 0]).max() < 6


def test_frames_come_at_the_size_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = Upscaler(UpscalerConfig(width=8, blocks=1)).eval()
    monkeypatch.setattr(enlarging, "_enlarger", lambda: model)
    frames = np.random.default_rng(0).integers(0, 255, (2, 16, 32, 3), dtype=np.uint8)
    assert [frame.shape for frame in enlarge(iter(frames), 70, 140)] == [(70, 140, 3)] * 2
    assert np.array_equal(next(enlarge(iter(frames), 16, 32)), frames[0])


def test_what_is_no_picture_is_not_enlarged() -> None:
    model = Upscaler(UpscalerConfig(width=8, blocks=1)).eval()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(PaintingError, match="the enlarger"):
        double(model, np.zeros((4, 6, 3), np.uint8))
