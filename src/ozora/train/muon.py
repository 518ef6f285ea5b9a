"""Muon (K. Jordan et al. 2024, kellerjordan.github.io/posts/muon): momentum whose matrices are made orthogonal.

PyTorch has one (``torch.optim.Muon``), but it always works in bfloat16, which processors without AMX emulate at a
quarter of their float32 speed: there it took 0.7 s of a 2 s step. This one works in float32 on such machines, and
stacks the matrices of one shape. Updates have the root mean square of AdamW's (Liu et al. 2025, arXiv 2502.16982).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ozora.model.precision import quick_in_bfloat16
from ozora.train.machine import like, whole

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5
MOMENTUM = 0.95


def orthogonalize(stack: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrices of a stack [s, m, n], by a quintic Newton-Schulz iteration."""
    x = stack.bfloat16() if quick_in_bfloat16(stack.device) else stack.float()
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = (x if wide else x.mT).to(stack.dtype)
    return result


class Muon(torch.optim.Optimizer):
    """For the 2D weights inside a network; everything else belongs to AdamW."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override] # noqa: ANN401 - torch's signature
        """One update of all matrices, shape by shape."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[nn.Parameter]] = {}
            for value in group["params"]:
                if value.grad is not None:
                    shapes.setdefault(value.shape, []).append(value)
            for shape, values in shapes.items():
                updates = orthogonalize(torch.stack([whole(self._look_ahead(value)) for value in values]))
                scale = group["lr"] * 0.2 * max(shape) ** 0.5
                for value, update in zip(values, updates, strict=True):
                    value.mul_(1 - group["lr"] * group["weight_decay"]).add_(like(update, value), alpha=-scale)

    def _look_ahead(self, value: nn.Parameter) -> Tensor:
        """Nesterov momentum of one gradient."""
        assert value.grad is not None
        state = self.state[value]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(value.grad)
        momentum = state["momentum"]
        momentum.lerp_(value.grad, 1 - MOMENTUM)
        return value.grad.lerp(momentum, MOMENTUM)
