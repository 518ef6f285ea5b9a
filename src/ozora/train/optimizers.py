"""Optimizers and the learning-rate schedule.

Muon takes the matrices inside the transformer, AdamW the
rest. The schedule is warmup, stable, decay (WSD): constant but for a linear warmup and a linear cool-down, so that a
run can be continued from before its cool-down.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ozora.train.machine import like, whole
from ozora.train.muon import Muon

ADAM_SCALE = 0.15
"""AdamW's rate as a share of Muon's (one tenth in "Training DiTs with Muon", S. Luepke 2026)."""


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
    """Muon for the matrices whose names begin as one of ``muon``, AdamW for the rest; one clipped gradient for both."""

    def __init__(self, model: nn.Module, *, muon: tuple[str, ...], rate: float, weight_decay: float = 0.01) -> None:
        def inner(name: str, value: Tensor) -> bool:
            return value.ndim == 2 and min(value.shape) > 8 and name.endswith("weight") and name.startswith(muon)

        named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
        matrices = [value for name, value in named if inner(name, value)]
        others = [value for name, value in named if not inner(name, value)]
        self.parameters = matrices + others
        self.parts: list[torch.optim.Optimizer] = []
        if matrices:
            self.parts.append(Muon(matrices, lr=rate, weight_decay=weight_decay))
        self.parts.append(torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True))

    def step(self, rate: float, *, clip: float = 1.0) -> float:
        """One update at ``rate``; returns the norm of the gradient before clipping."""
        norm = float(whole(nn.utils.clip_grad_norm_(self.parameters, clip)))
        for part in self.parts:
            scale = 1.0 if isinstance(part, Muon) else ADAM_SCALE
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
                kind, index, number, *name = key.split(".")
                if kind == "optimizer" and int(index) == i:
                    owner = owners[int(number)]
                    fits = value.shape == owner.shape
                    state.setdefault(int(number), {})[".".join(name)] = like(value, owner) if fits else value
            content["state"] = state
            part.load_state_dict(content)
