"""The training loop, in order: batch, loss, backward, update, average, log, save. One loop for every phase.

A ``Phase`` says what is trained on what. A batch is a function of (seed, step), so killing the loop at any point and
starting it again gives the same run, bit for bit, from its last checkpoint.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ozora.errors import CheckpointError
from ozora.train import checkpoint
from ozora.train.machine import Machine, find_machine, like, share, whole
from ozora.train.optimizers import Optimizers, Schedule


class Phase(Protocol):
    """What a phase of a recipe must tell the loop: a dataclass, all of whose fields that its ``repr`` shows decide what
    comes of it (``configuration``). ``device`` is where its batches go; the loop sets it."""

    name: str
    ema: float
    device: torch.device

    @property
    def schedule(self) -> Schedule:
        """How long, and at which rate."""
        ...

    def model(self) -> nn.Module:
        """The network, initialised (or loaded from an earlier phase)."""
        ...

    def optimizers(self, model: nn.Module) -> Optimizers:
        """What steps the weights of the network."""
        ...

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        """Loss of the batch of ``step``, and figures to print."""
        ...

    def examine(self, model: nn.Module) -> dict[str, float]:
        """Figures of the averaged weights on what they never learnt from; none where nothing is measured."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One line of progress; ``done`` steps in ``seconds`` since this start. ``examined`` are figures of the averaged
    weights, where they were just measured."""

    phase: str
    step: int
    done: int
    steps: int
    seconds: float
    figures: dict[str, float]
    examined: dict[str, float]


def configuration(phase: Phase) -> dict[str, Any]:
    """What decides what comes of a phase, for its checkpoint: the fields that its ``repr`` shows, and whether it goes
    on from other weights."""
    assert is_dataclass(phase)
    shown = {each.name: _plain(getattr(phase, each.name)) for each in fields(phase) if each.repr}
    return {**shown, "goes_on": getattr(phase, "start", None) is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a field holds
    """A value as JSON knows it."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Tensor):
        return [round(number, 6) for number in value.tolist()]
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


@torch.no_grad()
def _average(ema: dict[str, Tensor], model: nn.Module, step: int, decay: float) -> None:
    """Exponential moving average with a ramp, so that early weights are forgotten."""
    keep = min(decay, (1 + step) / (10 + step))
    for name, value in model.state_dict().items():
        if value.dtype.is_floating_point:
            ema[name].lerp_(value.float(), 1 - keep)


@torch.no_grad()
def _examine(phase: Phase, model: nn.Module, ema: dict[str, Tensor]) -> dict[str, float]:
    """What the phase measures of the averaged weights; the model is what it was afterwards."""
    values = model.state_dict()
    kept = {name: value.detach().clone() for name, value in values.items()}
    for name, value in values.items():
        value.copy_(ema[name])
    model.eval()
    figures = phase.examine(model)
    model.train()
    for name, value in values.items():
        value.copy_(kept[name])
    return figures


def agreed(wish: bool, machine: Machine) -> bool:
    """What the leading process wishes, known to all: clocks differ, steps must not."""
    if machine.size == 1:
        return wish
    answer = torch.tensor(float(wish), device=machine.device)
    dist.broadcast(answer, src=0)
    return bool(answer)


def run_phase(
    phase: Phase,
    out: Path,
    *,
    resume: bool = True,
    save_every_s: float = 120.0,
    examine_every_s: float = 180.0,
    stop: Callable[[float], bool] = lambda _: False,
) -> Generator[Report, None, None]:
    """Train one phase in ``out/NAME``, yielding a report every few steps. ``stop(seconds)`` may end it early.

    The averaged weights are examined before the first step, every ``examine_every_s`` and after the last; the figures
    are in ``log.jsonl`` under ``examined`` and in reports. The last checkpoint stays in ``out/NAME``;
    ``finished_weights`` reads its averaged weights.
    """
    folder = out / phase.name
    machine = find_machine()
    phase.device = machine.device
    model = share(phase.model(), machine)
    optimizers = phase.optimizers(model)
    ema = {name: value.detach().float().clone() for name, value in model.state_dict().items()}
    first = 0
    last = checkpoint.newest(folder) if resume else None
    if last is not None:
        first = _restore(last, phase, model, ema, optimizers)
    if machine.leads:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(configuration(phase), indent=2) + "\n")
    began = saved = examined = time.monotonic()
    with (folder / "log.jsonl" if machine.leads else Path(os.devnull)).open("a") as log:

        def examine(step: int) -> dict[str, float]:
            figures = _examine(phase, model, ema)
            if figures:
                log.write(json.dumps({"step": step, "examined": figures}) + "\n")
                log.flush()
            return figures

        if first == 0:
            examine(0)
        for step in range(first, phase.schedule.steps):
            loss, figures = phase.loss(model, step * machine.size + machine.rank)
            torch.autograd.backward(loss)
            rate = phase.schedule.at(step)
            figures = {"loss": loss.item(), **figures, "norm": optimizers.step(rate), "rate": rate}
            _average(ema, model, step, phase.ema)
            now = time.monotonic()
            done = step + 1 == phase.schedule.steps or agreed(stop(now - began), machine)
            found: dict[str, float] = {}
            if done or agreed(now - examined > examine_every_s, machine):
                found, examined = examine(step + 1), now
            if done or found or step % 10 == 9:
                log.write(json.dumps({"step": step + 1, "seconds": round(now - began, 1), **figures}) + "\n")
                log.flush()
                yield Report(
                    phase=phase.name,
                    step=step + 1,
                    done=step + 1 - first,
                    steps=phase.schedule.steps,
                    seconds=now - began,
                    figures=figures,
                    examined=found,
                )
            if done or agreed(now - saved > save_every_s, machine):
                _save(machine, folder, step + 1, phase, model, ema, optimizers)
                saved = now
            if done:
                break


def _save(
    machine: Machine,
    folder: Path,
    step: int,
    phase: Phase,
    model: nn.Module,
    ema: dict[str, Tensor],
    optimizers: Optimizers,
) -> None:
    tensors = {f"model.{name}": whole(value) for name, value in model.state_dict().items()}
    tensors |= {f"ema.{name}": whole(value) for name, value in ema.items()}
    tensors |= optimizers.tensors()
    if machine.leads:
        checkpoint.save(folder, step, tensors, {"phase": configuration(phase)})


def _restore(path: Path, phase: Phase, model: nn.Module, ema: dict[str, Tensor], optimizers: Optimizers) -> int:
    """Take everything from a checkpoint; returns the step to go on with."""
    tensors, facts = checkpoint.load(path)
    if facts["phase"] != json.loads(json.dumps(configuration(phase))):
        raise CheckpointError(f"{path} was made with another configuration; use another folder or delete it")
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(like(tensors[f"model.{name}"], value))
            ema[name].copy_(like(tensors[f"ema.{name}"], ema[name]))
    optimizers.restore(tensors)
    return int(facts["step"])


def finished_weights(out: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Averaged weights and facts of the newest checkpoint of a phase; ``CheckpointError`` when there is none."""
    path = checkpoint.newest(out / name)
    if path is None:
        raise CheckpointError(f"phase {name} has no checkpoint in {out}; train it first")
    tensors, facts = checkpoint.load(path)
    return {k.removeprefix("ema."): v for k, v in tensors.items() if k.startswith("ema.")}, facts
