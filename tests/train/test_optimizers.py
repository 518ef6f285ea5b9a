from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from ozora.train.muon import Muon
from ozora.train.optimizers import Schedule, against_critics, muon_and_adam


def test_the_schedule_warms_up_stays_and_cools_down() -> None:
    schedule = Schedule(steps=100, rate=1.0, warmup=10, cooldown=0.2, floor=0.0)
    rates = [schedule.at(step) for step in range(100)]
    assert rates[0] == 0.1
    assert rates[10:80] == [1.0] * 70
    assert all(later < earlier for earlier, later in pairwise(rates[80:]))
    assert rates[-1] <= 0.051


def test_muon_takes_the_named_matrices_only() -> None:
    model = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.LayerNorm(16))
    both = muon_and_adam(model, muon=("1.",), rate=0.01)
    muon = next(part for part in both.parts if isinstance(part, Muon))
    assert [tuple(value.shape) for group in muon.param_groups for value in group["params"]] == [(16, 16)]
    assert sum(len(group["params"]) for part in both.parts for group in part.param_groups) == 6


def test_state_survives_a_round_trip() -> None:
    torch.manual_seed(0)
    x = torch.randn(8, 16)

    def run(interrupt: bool) -> torch.Tensor:
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
        optimizers = muon_and_adam(model, muon=("0.",), rate=0.01)
        for step in range(6):
            if interrupt and step == 3:
                state = optimizers.tensors()
                optimizers = muon_and_adam(model, muon=("0.",), rate=0.01)
                optimizers.restore(state)
            torch.autograd.backward(model(x).square().mean())
            optimizers.step(0.01)
        return torch.cat([value.detach().flatten() for value in model.parameters()])

    assert torch.equal(run(interrupt=False), run(interrupt=True))


def test_critics_are_stepped_faster_and_only_what_they_judge_is_clipped() -> None:
    model = nn.ModuleDict({"decoder": nn.Linear(4, 4), "critics": nn.Linear(4, 4)})
    both = against_critics(model, critics="critics.", rate=0.01)
    assert [len(part.param_groups[0]["params"]) for part in both.parts] == [2, 2]
    for value in model.parameters():
        value.grad = torch.full_like(value, 100.0)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    norm = both.step(0.01)
    assert norm == torch.tensor(100.0 * 20**0.5)  # of the decoder's twenty numbers alone
    moved = {name: (value - before[name]).abs().max().item() for name, value in model.named_parameters()}
    assert 1.9 < moved["critics.weight"] / moved["decoder.weight"] < 2.1


def test_state_of_channels_last_kernels_survives_as_a_checkpoint_keeps_it() -> None:
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))

    def run(interrupt: bool) -> torch.Tensor:
        torch.manual_seed(1)
        model = nn.Conv2d(4, 6, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizers = muon_and_adam(model, muon=(), rate=0.01)
        for step in range(6):
            if interrupt and step == 3:
                state = {name: value.contiguous() for name, value in optimizers.tensors().items()}
                optimizers = muon_and_adam(model, muon=(), rate=0.01)
                optimizers.restore(state)
            torch.autograd.backward(model(x).square().mean())
            optimizers.step(0.01)
        return torch.cat([value.detach().flatten() for value in model.parameters()])

    assert torch.equal(run(interrupt=False), run(interrupt=True))
