"""The state of a solver as bytes, so that painting can go on in another process, to the same pixels."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from ozora.errors import UserError


def save(owner: str, done: int, x: Tensor) -> bytes:
    """State ``x`` after ``done`` steps; ``owner`` (hex digits) is what it belongs to."""
    mark = torch.frombuffer(bytearray.fromhex(owner), dtype=torch.uint8)
    return write_tensors({"x": x.contiguous(), "done": torch.tensor(done), "owner": mark})


def load(snapshot: bytes, owner: str) -> tuple[int, Tensor]:
    """Steps done and state; ``UserError`` when the snapshot is damaged or belongs to something else."""
    try:
        tensors = read_tensors(snapshot)
        mark, done, x = tensors["owner"].numpy().tobytes().hex(), int(tensors["done"]), tensors["x"]
    except (SafetensorError, KeyError) as error:
        raise UserError(f"the snapshot is damaged ({error}); start the job again") from error
    if mark != owner:
        raise UserError("the snapshot is of another plan or another model; start the job again")
    return done, x
