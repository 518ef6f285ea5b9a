from __future__ import annotations

import pytest
import torch

from ozora.errors import SnapshotError
from ozora.flow.snapshot import load, save

OWNER = "ab" * 32


def test_a_snapshot_comes_back_whole() -> None:
    x = torch.randn(3, 2, 4, 5).permute(1, 0, 2, 3)
    done, turn, back, painted = load(save(OWNER, 7, 2, x, x + 1), OWNER)
    assert (done, turn) == (7, 2)
    assert torch.equal(back, x)
    assert torch.equal(painted, x + 1)


@pytest.mark.parametrize("content", [b"", b"no tensors at all", save(OWNER, 1, 0, torch.zeros(2), torch.zeros(2))[:-3]])
def test_a_damaged_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(SnapshotError, match="damaged"):
        load(content, OWNER)


def test_the_snapshot_of_another_plan_is_refused() -> None:
    with pytest.raises(SnapshotError, match="another plan"):
        load(save(OWNER, 1, 0, torch.zeros(2), torch.zeros(2)), "cd" * 32)
