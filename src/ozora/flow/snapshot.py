"""The state of sampling as bytes, so that painting can go on in another process, to the same pixels."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from ozora.errors import SnapshotError
from ozora.flow.best_of_n import State


def save(owner: str, done: int, state: State, painted: Tensor) -> bytes:
    """The state of the present window and all that is ``painted``, after ``done`` steps in all; ``owner`` (hex digits)
    is what it belongs to."""
    mark = torch.frombuffer(bytearray.fromhex(owner), dtype=torch.uint8)
    perhaps = {"best": state.best, "data": state.data}
    tensors = {"x": state.x, "painted": painted, **{name: t for name, t in perhaps.items() if t is not None}}
    numbers = {"done": done, "step": state.step, "candidate": state.candidate, "score": state.score}
    scalars = {name: torch.tensor(number, dtype=torch.float64) for name, number in numbers.items()}
    return write_tensors({**{name: tensor.contiguous() for name, tensor in tensors.items()}, **scalars, "owner": mark})


def load(snapshot: bytes, owner: str) -> tuple[int, State, Tensor]:
    """Steps done, state and what is painted; ``SnapshotError`` when the snapshot is damaged or of something else."""
    try:
        tensors = read_tensors(snapshot)
        mark, painted = tensors["owner"].numpy().tobytes().hex(), tensors["painted"]
        done, step, candidate = (int(tensors[name]) for name in ("done", "step", "candidate"))
        state = State(
            step=step,
            candidate=candidate,
            x=tensors["x"],
            best=tensors.get("best"),
            score=float(tensors["score"]),
            data=tensors.get("data"),
        )
    except (SafetensorError, KeyError) as error:
        raise SnapshotError(f"the snapshot is damaged ({error}); start the job again") from error
    if mark != owner:
        raise SnapshotError("the snapshot is of another plan or another model; start the job again")
    return done, state, painted
