"""Optimizers and the learning-rate schedule.

Muon takes the matrices inside the transformer, AdamW the
rest. The schedule is warmup, stable, decay (WSD): constant but for a linear warmup and a linear cool-down, so that a
run can be continued from before its cool-down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ozora.train.machine import like, whole
from ozora.train.muon import Muon

ADAM_SCALE = 0.15
"""AdamW's rate as a share of Muon's (one tenth in "Training DiTs with Muon", S. Luepke 2026)."""
CRITIC_SCALE = 2.0
"""The rate of critics as a share of that of what they judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``steps`` in all; the last ``cooldown`` share of them falls to ``floor`` of the peak rate."""

    steps: int
    rate: float
    warmup: int = 50
    cooldown: float = 0.2
    floor: float = 0.02

    def at(self, step: int) -> float:
        """Learning rate of a step."""
        down = (self.steps - step) / max(self.cooldown * self.steps, 1.0)
        return self.rate * max(min(1.0, (step + 1) / max(self.warmup, 1), down), self.floor)


class Optimizers:
    """Optimizers side by side, each with its share of the rate. The gradient of the ``clipped`` weights is clipped as
    one."""

    def __init__(self, parts: Sequence[tuple[torch.optim.Optimizer, float]], clipped: list[nn.Parameter]) -> None:
        self.parts = [part for part, _ in parts]
        self.scales = [scale for _, scale in parts]
        self.clipped = clipped

    def step(self, rate: float, *, clip: float = 1.0) -> float:
        """One update at ``rate``; returns the norm of the gradient before clipping."""
        norm = float(whole(nn.utils.clip_grad_norm_(self.clipped, clip)))
        for part, scale in zip(self.parts, self.scales, strict=True):
            for group in part.param_groups:
                group["lr"] = rate * scale
            part.step()
            part.zero_grad(set_to_none=True)
        return norm

    def tensors(self) -> dict[str, Tensor]:
        """All state as flat tensors, for a checkpoint."""
        result: dict[str, Tensor] = {}
        for i, part in enumerate(self.parts):
            for number, state in part.state_dict()["state"].items():
                for name, value in state.items():
                    result[f"optimizer.{i}.{number}.{name}"] = whole(torch.as_tensor(value)).clone()
        return result

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take the state back."""
        for i, part in enumerate(self.parts):
            content = part.state_dict()
            owners = [value for group in part.param_groups for value in group["params"]]
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(f"optimizer.{i}."):
                    _, _, number, *name = key.split(".")
                    owner = owners[int(number)]
                    fits = value.shape == owner.shape
                    state.setdefault(int(number), {})[".".join(name)] = _laid_out_as(owner, value) if fits else value
            content["state"] = state
            part.load_state_dict(content)


@torch.no_grad()
def _laid_out_as(owner: Tensor, value: Tensor) -> Tensor:
    """A whole tensor of an optimizer's state, split and laid out in memory as its weight is: fused AdamW goes through
    both in the order of memory, and checkpoints keep no channels-last."""
    return torch.empty_like(owner).copy_(like(value, owner))


def muon_and_adam(model: nn.Module, *, muon: tuple[str, ...], rate: float, weight_decay: float = 0.01) -> Optimizers:
    """Muon for the matrices whose names begin as one of ``muon``, AdamW for the rest; one clipped gradient for both."""

    def inner(name: str, value: Tensor) -> bool:
        return value.ndim == 2 and min(value.shape) > 8 and name.endswith("weight") and name.startswith(muon)

    named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    matrices = [value for name, value in named if inner(name, value)]
    others = [value for name, value in named if not inner(name, value)]
    parts: list[tuple[torch.optim.Optimizer, float]] = []
    if matrices:
        parts.append((Muon(matrices, lr=rate, weight_decay=weight_decay), 1.0))
    adam = torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True)
    return Optimizers([*parts, (adam, ADAM_SCALE)], matrices + others)


def against_critics(model: nn.Module, *, critics: str, rate: float) -> Optimizers:
    """AdamW of short memory for the weights whose names begin as ``critics``, at ``CRITIC_SCALE`` of the rate, and for
    the rest, whose gradient is clipped."""
    named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    judged = [value for name, value in named if not name.startswith(critics)]
    judges = [value for name, value in named if name.startswith(critics)]

    def adam(values: list[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(values, lr=rate, betas=(0.5, 0.95), weight_decay=0.0, fused=True)

    return Optimizers([(adam(judged), 1.0), (adam(judges), CRITIC_SCALE)], judged)
