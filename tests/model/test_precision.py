from __future__ import annotations

import pytest
import torch

from ozora.model.precision import mixed, quick_in_bfloat16

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "quick"),
    [({}, False), ({"avx2": True}, False), ({"avx512_bf16": True}, True), ({"amx_bf16": 1}, True)],
)
def test_processors_that_multiply_in_bfloat16_do(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], quick: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert quick_in_bfloat16(CPU) is quick
    layer, x = torch.nn.Linear(8, 8), torch.ones(1, 8)
    with torch.no_grad(), mixed(CPU):
        y = layer(x)
    assert y.dtype == (torch.bfloat16 if quick else torch.float32)
    assert layer.weight.dtype == torch.float32
    with torch.no_grad():
        torch.testing.assert_close(y.float(), layer(x), atol=0.05, rtol=0.02)


def test_accelerators_do() -> None:
    assert quick_in_bfloat16(torch.device("cuda"))
