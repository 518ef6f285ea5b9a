from __future__ import annotations

import pytest
import torch

from ozora.train.muon import Muon, orthogonalize


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 8, 20), (2, 20, 8)])
def test_the_result_is_nearly_orthogonal(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
    assert singular.min() > 0.6
    assert singular.max() < 1.3


def test_a_rank_one_direction_keeps_its_vectors() -> None:
    u, v = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0, 0.0])
    result = orthogonalize(torch.outer(u, v)[None])[0]
    assert result[0, 1] > 0.6
    assert result.abs().sum() - result[0, 1].abs() < 1e-4


def test_it_solves_a_least_squares_problem() -> None:
    torch.manual_seed(0)
    target, x = torch.randn(6, 10), torch.randn(64, 10)
    weight = torch.nn.Parameter(torch.zeros(6, 10))
    optimizer = Muon([weight], lr=0.15, weight_decay=0.0)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.15 * (1 - step / 200)
        loss = (x @ weight.T - x @ target.T).square().mean()
        torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.01
