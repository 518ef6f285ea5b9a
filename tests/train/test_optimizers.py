from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from ozora.train.muon import Muon
from ozora.train.optimizers import Optimizers, Schedule


def test_the_schedule_warms_up_stays_and_cools_down() -> None:
    schedule = Schedule(steps=100, rate=1.0, warmup=10, cooldown=0.2, floor=0.0)
    rates = [schedule.at(step) for step in range(100)]
    assert rates[0] == 0.1
    assert rates[10:80] == [1.0] * 70
    assert all(later < earlier for earlier, later in pairwise(rates[80:]))
    assert rates[-1] <= 0.051


def test_muon_takes_the_named_matrices_only() -> None:
    model = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.LayerNorm(16))
    both = Optimizers(model, muon=("1.",), rate=0.01)
    muon = next(part for part in both.parts if isinstance(part, Muon))
    assert [tuple(value.shape) for group in muon.param_groups for value in group["params"]] == [(16, 16)]
    assert sum(len(group["params"]) for part in both.parts for group in part.param_groups) == 6


def test_state_survives_a_round_trip() -> None:
    torch.manual_seed(0)
    x = torch.randn(8, 16)

    def run(interrupt: bool) -> torch.Tensor:
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
        optimizers = Optimizers(model, muon=("0.",), rate=0.01)
        for step in range(6):
            if interrupt and step == 3:
                state = optimizers.tensors()
                optimizers = Optimizers(model, muon=("0.",), rate=0.01)
                optimizers.restore(state)
            torch.autograd.backward(model(x).square().mean())
            optimizers.step(0.01)
        return torch.cat([value.detach().flatten() for value in model.parameters()])

    assert torch.equal(run(interrupt=False), run(interrupt=True))
