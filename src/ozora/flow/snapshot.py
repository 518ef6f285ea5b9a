"""The state of a solver as bytes, so that painting can go on in another process, to the same pixels."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from ozora.errors import SnapshotError


def save(owner: str, done: int, turn: int, x: Tensor, painted: Tensor) -> bytes:
    """State ``x`` of the present window and all that is ``painted``, after ``done`` steps and ``turn`` rehearsals that
    were not good; ``owner`` (hex digits) is what it belongs to."""
    mark = torch.frombuffer(bytearray.fromhex(owner), dtype=torch.uint8)
    counts = {"done": torch.tensor(done), "turn": torch.tensor(turn)}
    return write_tensors({"x": x.contiguous(), "painted": painted.contiguous(), "owner": mark, **counts})


def load(snapshot: bytes, owner: str) -> tuple[int, int, Tensor, Tensor]:
    """Steps done, rehearsal, state and what is painted; ``SnapshotError`` when the snapshot is damaged or of something
    else."""
    try:
        tensors = read_tensors(snapshot)
        mark, done, turn = tensors["owner"].numpy().tobytes().hex(), int(tensors["done"]), int(tensors["turn"])
        x, painted = tensors["x"], tensors["painted"]
    except (SafetensorError, KeyError) as error:
        raise SnapshotError(f"the snapshot is damaged ({error}); start the job again") from error
    if mark != owner:
        raise SnapshotError("the snapshot is of another plan or another model; start the job again")
    return done, turn, x, painted
