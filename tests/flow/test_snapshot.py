from __future__ import annotations

import pytest
import torch

from ozora.errors import SnapshotError
from ozora.flow.best_of_n import State
from ozora.flow.snapshot import load, save

OWNER = "ab" * 32


EMPTY = save(OWNER, 1, State(x=torch.zeros(2)), torch.zeros(2))


@pytest.mark.parametrize("data", [None, torch.zeros(4)])
@pytest.mark.parametrize("best", [None, torch.ones(2, 3)])
def test_a_snapshot_comes_back_whole(best: torch.Tensor | None, data: torch.Tensor | None) -> None:
    x = torch.randn(3, 2, 4, 5).permute(1, 0, 2, 3)
    before = State(step=3, candidate=2, x=x, best=best, score=2 / 3, data=data)
    done, after, painted = load(save(OWNER, 7, before, x + 1), OWNER)
    assert (done, after.step, after.candidate, after.score) == (7, 3, 2, 2 / 3)
    assert torch.equal(after.x, x)
    assert torch.equal(painted, x + 1)
    for value, was in ((after.best, best), (after.data, data)):
        assert (value is None) == (was is None)
        assert value is None or was is None or torch.equal(value, was)


@pytest.mark.parametrize("content", [b"", b"no tensors at all", EMPTY[:-3]])
def test_a_damaged_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(SnapshotError, match="damaged"):
        load(content, OWNER)


def test_the_snapshot_of_another_plan_is_refused() -> None:
    with pytest.raises(SnapshotError, match="another plan"):
        load(EMPTY, "cd" * 32)
