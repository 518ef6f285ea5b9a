from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ozora.model.int8 import (
    ROUNDED_ZERO,
    SWISH_LEAST,
    ZERO,
    Int8Conv,
    Int8Linear,
    has_int8_products,
    quantize_rows,
    split_range,
    to_u8,
)
from tests.model.engine_cases import in_int8


@pytest.mark.parametrize(
    ("capabilities", "able"),
    [({}, False), ({"avx2": True, "avx512_vnni": False}, False), ({"avx512_vnni": True}, True)],
)
def test_only_processors_that_do_not_saturate(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], able: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert has_int8_products() is able


def test_bytes_are_rounded_and_cut() -> None:
    x = torch.tensor([-400.0, -1.6, -0.4, 0.4, 1.6, 400.0]) + ROUNDED_ZERO
    assert to_u8(x).tolist() == [0, 126, 128, 128, 130, 255]


def test_rows_have_a_scale_each() -> None:
    weight = torch.tensor([[1.0, -2.0], [0.0, 0.0], [100.0, 50.0]])
    whole, scale = quantize_rows(weight)
    assert whole.tolist() == [[64, -127], [0, 0], [127, 64]]
    torch.testing.assert_close(whole * scale[:, None], weight, atol=0.4, rtol=0.01)


@in_int8
@pytest.mark.parametrize("rows", [1, 7, 40])
def test_a_product_is_exact_in_whole_numbers(rows: int) -> None:
    generator = torch.Generator().manual_seed(0)
    weight, x = torch.randn(48, 64, generator=generator), torch.randint(0, 256, (rows, 64), generator=generator)
    whole, scale = quantize_rows(weight)
    truth = (x - ZERO).float() @ whole.float().T * scale
    linear = Int8Linear(weight)
    torch.testing.assert_close(linear(x.to(torch.uint8), torch.float32), truth)
    torch.testing.assert_close(linear(x.to(torch.uint8), torch.bfloat16).float(), truth, rtol=0.01, atol=0.5)


@in_int8
@pytest.mark.parametrize("channels", [8, 64])
def test_two_convolutions_are_near_those_of_floats(channels: int) -> None:
    """The padding counts as 0, not as the byte 0."""
    generator = torch.Generator().manual_seed(0)
    first, second = (0.1 * torch.randn(channels, channels, 3, 3, generator=generator) for _ in range(2))
    bias = torch.randn(channels, generator=generator)
    x = torch.randn(2, channels, 5, 6, generator=generator).contiguous(memory_format=torch.channels_last)
    inner = F.silu(F.conv2d(x, first, bias, padding=1))
    total = torch.randn(x.shape, generator=generator).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
    truth = total.float() + F.conv2d(inner, second, bias, padding=1)

    step = split_range(first, x.abs().amax((0, 2, 3)))
    out_step = (float(inner.max()) + SWISH_LEAST) / 255
    out_zero = round(SWISH_LEAST / out_step)
    size = list(x.shape)
    conv_in = Int8Conv(first * step[:, None, None], bias, size, step_out=out_step, zero_out=out_zero)
    conv_out = Int8Conv(second, bias, size, step=out_step, zero=out_zero)
    result = conv_out.add_to(total, conv_in.swish(to_u8(x / step[:, None, None] + ROUNDED_ZERO)))
    assert float((result.float() - truth).square().mean().sqrt() / truth.std()) < 0.02


def test_no_channel_leaves_its_range() -> None:
    generator = torch.Generator().manual_seed(0)
    largest = torch.rand(16, generator=generator) * 10
    step = split_range(torch.randn(8, 16, 3, 3, generator=generator), largest)
    assert float((largest / step).max()) == pytest.approx(127, rel=1e-4)
