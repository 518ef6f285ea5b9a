from __future__ import annotations

import torch
from torch.nn import functional as F

from ozora.model.upscaler import Upscaler, UpscalerConfig


def test_it_starts_as_a_bicubic_enlargement_and_can_learn() -> None:
    torch.manual_seed(0)
    model = Upscaler(UpscalerConfig(width=8, blocks=2))
    x = torch.rand(2, 3, 16, 24) * 2 - 1
    y = model(x)
    assert y.shape == (2, 3, 32, 48)
    assert torch.equal(y, F.interpolate(x, scale_factor=2.0, mode="bicubic", align_corners=False))
    y.square().sum().backward()
    assert model.write.weight.grad is not None and model.write.weight.grad.abs().max() > 0


def test_the_config_survives_json() -> None:
    config = UpscalerConfig(width=8, blocks=2)
    assert UpscalerConfig.from_dict(config.to_dict()) == config
