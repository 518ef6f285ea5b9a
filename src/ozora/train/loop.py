"""The training loop, in order: batch, loss, backward, update, average, log, save. One loop for every phase.

A ``Phase`` says what is trained on what. A batch is a function of (seed, step), so killing the loop at any point and
starting it again gives the same run, bit for bit, from its last checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ozora.errors import CheckpointError
from ozora.train import checkpoint
from ozora.train.optimizers import Optimizers, Schedule


class Phase(Protocol):
    """What a phase of a recipe must tell the loop."""

    name: str
    schedule: Schedule
    muon: tuple[str, ...]
    ema: float

    def model(self) -> nn.Module:
        """The network, initialised (or loaded from an earlier phase)."""
        ...

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        """Loss of the batch of ``step``, and figures to print."""
        ...

    def facts(self) -> dict[str, Any]:
        """The resolved configuration, for the checkpoint."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One line of progress; ``done`` steps in ``seconds`` since this start."""

    phase: str
    step: int
    done: int
    steps: int
    seconds: float
    figures: dict[str, float]


@torch.no_grad()
def _average(ema: dict[str, Tensor], model: nn.Module, step: int, decay: float) -> None:
    """Exponential moving average with a ramp, so that early weights are forgotten."""
    keep = min(decay, (1 + step) / (10 + step))
    for name, value in model.state_dict().items():
        if value.dtype.is_floating_point:
            ema[name].lerp_(value.float(), 1 - keep)


def run_phase(
    phase: Phase,
    out: Path,
    *,
    resume: bool = True,
    save_every_s: float = 120.0,
    stop: Callable[[float], bool] = lambda _: False,
) -> Iterator[Report]:
    """Train one phase in ``out/NAME``, yielding a report every few steps. ``stop(seconds)`` may end it early.

    The last checkpoint stays in ``out/NAME``; ``finished_weights`` reads its averaged weights.
    """
    folder = out / phase.name
    model = phase.model()
    optimizers = Optimizers(model, muon=phase.muon, rate=phase.schedule.rate)
    ema = {name: value.detach().float().clone() for name, value in model.state_dict().items()}
    first = 0
    last = checkpoint.newest(folder) if resume else None
    if last is not None:
        first = _restore(last, phase, model, ema, optimizers)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(phase.facts(), indent=2) + "\n")
    began = saved = time.monotonic()
    with (folder / "log.jsonl").open("a") as log:
        for step in range(first, phase.schedule.steps):
            loss, figures = phase.loss(model, step)
            torch.autograd.backward(loss)
            rate = phase.schedule.at(step)
            figures = {"loss": loss.item(), **figures, "norm": optimizers.step(rate), "rate": rate}
            _average(ema, model, step, phase.ema)
            now = time.monotonic()
            done = step + 1 == phase.schedule.steps or stop(now - began)
            if done or step % 10 == 9:
                log.write(json.dumps({"step": step + 1, "seconds": round(now - began, 1), **figures}) + "\n")
                log.flush()
                yield Report(
                    phase=phase.name,
                    step=step + 1,
                    done=step + 1 - first,
                    steps=phase.schedule.steps,
                    seconds=now - began,
                    figures=figures,
                )
            if done or now - saved > save_every_s:
                _save(folder, step + 1, phase, model, ema, optimizers)
                saved = now
            if done:
                break


def _save(
    folder: Path, step: int, phase: Phase, model: nn.Module, ema: dict[str, Tensor], optimizers: Optimizers
) -> None:
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in ema.items()}
    checkpoint.save(folder, step, tensors | optimizers.tensors(), {"phase": phase.facts()})


def _restore(path: Path, phase: Phase, model: nn.Module, ema: dict[str, Tensor], optimizers: Optimizers) -> int:
    """Take everything from a checkpoint; returns the step to go on with."""
    tensors, facts = checkpoint.load(path)
    if facts["phase"] != json.loads(json.dumps(phase.facts())):
        raise CheckpointError(f"{path} was made with another configuration; use another folder or delete it")
    model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
    for name in ema:
        ema[name].copy_(tensors[f"ema.{name}"])
    optimizers.restore(tensors)
    return int(facts["step"])


def finished_weights(out: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Averaged weights and facts of the newest checkpoint of a phase; ``CheckpointError`` when there is none."""
    path = checkpoint.newest(out / name)
    if path is None:
        raise CheckpointError(f"phase {name} has no checkpoint in {out}; train it first")
    tensors, facts = checkpoint.load(path)
    return {k.removeprefix("ema."): v for k, v in tensors.items() if k.startswith("ema.")}, facts
