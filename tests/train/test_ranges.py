from __future__ import annotations

import torch
from torch import nn

from ozora.model.autoencoder import ResidualBlock
from ozora.train.ranges import PRODUCTS, measure_ranges
from tests.model.engine_cases import PROMPT, tiny_model


def test_every_product_and_every_residual_block_has_a_range() -> None:
    model = tiny_model()
    ranges = measure_ranges(model, (PROMPT,), grids=((2, 3),), frames=2)
    products = {f"denoiser.{n}.{name}" for n in range(len(model.denoiser.transformer.blocks)) for name in PRODUCTS}
    parts = model.autoencoder.decoder.named_modules()
    residual = {f"decoder.{name}": part for name, part in parts if isinstance(part, ResidualBlock)}
    assert set(ranges) == products | set(residual)
    for name, block in residual.items():
        assert len(ranges[name]) == block.conv_in.in_channels + 1, "each channel, then what swish gives"
    for name in products:
        _, number, product = name.split(".")
        linear = model.denoiser.transformer.blocks[int(number)].get_submodule(product)
        assert isinstance(linear, nn.Linear) and len(ranges[name]) == linear.in_features
    assert all(bool((value > 0).all()) and bool(value.isfinite().all()) for value in ranges.values())


def test_measuring_is_repeatable_and_leaves_nothing_behind() -> None:
    model = tiny_model()
    first, second = (measure_ranges(model, (PROMPT,), grids=((2, 2),), frames=2) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(module._forward_pre_hooks for module in model.modules())
