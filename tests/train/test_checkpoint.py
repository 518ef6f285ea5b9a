from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ozora.errors import CheckpointError
from ozora.train import checkpoint


def test_round_trip_keeps_only_the_newest(tmp_path: Path) -> None:
    for step in (1, 2, 30):
        checkpoint.save(tmp_path, step, {"x": torch.full((3,), float(step))}, {"name": "a"})
    path = checkpoint.newest(tmp_path)
    assert path is not None
    tensors, facts = checkpoint.load(path)
    assert tensors["x"].tolist() == [30.0] * 3
    assert facts == {"step": 30, "name": "a"}
    assert len(list(tmp_path.iterdir())) == checkpoint.KEEP


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 1, {"x": torch.zeros(100)}, {})
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        checkpoint.load(path)


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path) is None
