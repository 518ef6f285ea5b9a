"""Where a training runs: one device, or several processes under ``torchrun`` that share the weights by FSDP2.

    torchrun --nproc-per-node 2 -m ozora.train.run tiny runs/tiny

Every process takes its own batches; gradients are averaged by FSDP2 (Zhao et al. 2023, arXiv 2304.11277).
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``device`` to compute on; this is process ``rank`` of ``size``."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0


def find_machine() -> Machine:
    """The accelerator if there is one; joins the other processes when started by ``torchrun``."""
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    if not dist.is_torchelastic_launched():
        return Machine(device=torch.device(kind))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    rank = dist.get_rank()
    if kind == "cuda":
        torch.cuda.set_device(rank % torch.cuda.device_count())
    device = torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else torch.device(kind)
    return Machine(device=device, rank=rank, size=dist.get_world_size())


def share(model: nn.Module, machine: Machine) -> nn.Module:
    """The model on its device, its weights split over all processes."""
    model.to(machine.device)
    if machine.size == 1:
        return model
    model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload] # FSDP2 splits nothing else
    mesh = init_device_mesh(machine.device.type, (machine.size,))
    for name, module in model.named_modules():
        if ".blocks." in name and name.rsplit(".", 1)[1].isdigit():
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)
    for method in ("encode", "decode", "read"):
        if callable(getattr(model, method, None)):
            register_fsdp_forward_method(model, method)
    return model


def whole(value: Tensor) -> Tensor:
    """A split tensor in one piece; every process must ask for it."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def like(value: Tensor, other: Tensor) -> Tensor:
    """A whole tensor, split as ``other`` is."""
    if not isinstance(other, DTensor):
        return value.to(other.device)
    result: Tensor = distribute_tensor(value.to(other.device), other.device_mesh, other.placements)
    return result


def meet() -> None:
    """Wait until all processes have come this far, if there are others."""
    if dist.is_initialized():
        dist.barrier()


def close() -> None:
    """Leave the other processes when all have come this far, and end this one, if there are others.

    The interpreter is not taken down piece by piece: gloo's threads may still hold tensors then, and abort the process
    (pytorch/pytorch#179291).
    """
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def describe(machine: Machine) -> dict[str, Any]:
    """For logs: what computes."""
    name = torch.cuda.get_device_name() if machine.device.type == "cuda" else "cpu"
    return {"device": name, "processes": machine.size, "threads": torch.get_num_threads()}
