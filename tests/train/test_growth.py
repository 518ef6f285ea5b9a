from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ozora.model.maquette import Painter
from ozora.train.growth import deepen, widen
from tests.model.tiny import CONFIG


def test_a_deeper_painter_paints_the_same_and_can_learn() -> None:
    torch.manual_seed(0)
    painter = Painter(CONFIG.text, CONFIG.transformer)
    for value in painter.parameters():
        torch.nn.init.normal_(value, std=0.1)
    layers = 2 * CONFIG.transformer.layers + 1
    deeper = Painter(CONFIG.text, replace(CONFIG.transformer, layers=layers))
    deeper.load_state_dict(deepen(painter.state_dict(), layers))
    inputs = (
        torch.randn(2, 6, CONFIG.transformer.blocking + CONFIG.autoencoder.channels),
        torch.rand(2, 1),
        torch.rand(2),
        torch.zeros(2, 6),
        (torch.ones(2, 8, dtype=torch.long), torch.zeros(2, 8, 12, dtype=torch.long)),
        torch.randn(6, 3),
    )
    assert torch.allclose(painter(*inputs), deeper(*inputs), atol=1e-5)
    deeper(*inputs).square().sum().backward()
    for name, value in deeper.named_parameters():
        if name.endswith("out.weight"):
            assert value.grad is not None and value.grad.abs().max() > 0, name


def test_more_channels_leave_the_others_as_they_were() -> None:
    torch.manual_seed(0)
    had, channels = CONFIG.transformer.blocking, CONFIG.transformer.channels
    painter = Painter(CONFIG.text, CONFIG.transformer)
    for value in painter.parameters():
        torch.nn.init.normal_(value, std=0.1)
    wanted = replace(CONFIG.transformer, blocking=had + 5, channels=channels + 4)
    wider = Painter(CONFIG.text, wanted)
    wider.load_state_dict(widen(painter.state_dict(), CONFIG.transformer, wanted))
    x, rest = (
        torch.randn(2, 6, had + 5 + channels + 4),
        (
            torch.rand(2, 1),
            torch.rand(2),
            torch.zeros(2, 6),
            (torch.ones(2, 8, dtype=torch.long), torch.zeros(2, 8, 12, dtype=torch.long)),
            torch.randn(6, 3),
        ),
    )
    number = torch.arange(had + 5 + channels + 4)
    old = (number < had) | ((number >= had + 5) & (number < had + 5 + channels))
    assert torch.allclose(painter(x[..., old], *rest), wider(x, *rest)[..., old], atol=1e-5)
    assert not wider(x, *rest)[..., ~old].any()
    with pytest.raises(ValueError, match="cannot hold them"):
        widen(wider.state_dict(), wanted, CONFIG.transformer)


def test_blocks_are_not_thrown_away() -> None:
    weights = Painter(CONFIG.text, CONFIG.transformer).state_dict()
    with pytest.raises(ValueError, match="cannot hold them"):
        deepen(weights, CONFIG.transformer.layers - 1)
