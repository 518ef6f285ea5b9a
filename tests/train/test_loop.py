from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ozora.errors import CheckpointError
from ozora.train import checkpoint
from ozora.train.loop import finished_weights, run_phase
from ozora.train.optimizers import Schedule


@dataclass(slots=True, kw_only=True)
class Line:
    """Fits a matrix; every batch is a function of the step."""

    name: str = "line"
    schedule: Schedule = Schedule(steps=30, rate=0.05, warmup=3)  # noqa: RUF009 - frozen
    muon: tuple[str, ...] = ("blocks.",)
    ema: float = 0.9
    width: int = 12
    device: torch.device = torch.device("cpu")  # noqa: RUF009 - a value

    def model(self) -> nn.Module:
        torch.manual_seed(0)
        return nn.ModuleDict({"blocks": nn.ModuleList([nn.Linear(self.width, self.width)])})

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        x = torch.randn(16, self.width, generator=torch.Generator().manual_seed(step))
        y = model.get_submodule("blocks.0")(x)
        return (y - x.flip(-1)).square().mean(), {}

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "width": self.width}


def _weights(out: Path) -> Tensor:
    weights, _ = finished_weights(out, "line")
    return torch.cat([value.flatten() for _, value in sorted(weights.items())])


def test_the_loss_falls_and_is_logged(tmp_path: Path) -> None:
    reports = list(run_phase(Line(), tmp_path))
    assert reports[-1].step == 30
    assert reports[-1].figures["loss"] < 0.7 * reports[0].figures["loss"]
    assert len((tmp_path / "line" / "log.jsonl").read_text().splitlines()) == 3


def test_stopping_and_going_on_gives_the_same_bits(tmp_path: Path) -> None:
    list(run_phase(Line(), tmp_path / "whole"))
    for report in run_phase(Line(), tmp_path / "parts", stop=lambda _: True):
        assert report.step == 1
    for _ in range(3):
        runs = run_phase(Line(), tmp_path / "parts", save_every_s=0.0)
        next(runs)
        runs.close()  # as if killed: what came after the last checkpoint is lost and done again
    list(run_phase(Line(), tmp_path / "parts"))
    assert torch.equal(_weights(tmp_path / "whole"), _weights(tmp_path / "parts"))


KILLED = """
import sys, os, signal
from pathlib import Path
from tests.train.test_loop import Line
from ozora.train.loop import run_phase
for report in run_phase(Line(), Path(sys.argv[1]), save_every_s=0.0):
    if report.step == 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_loses_nothing_but_time(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed")], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    list(run_phase(Line(), tmp_path / "killed"))
    list(run_phase(Line(), tmp_path / "whole"))
    assert torch.equal(_weights(tmp_path / "whole"), _weights(tmp_path / "killed"))


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    list(run_phase(Line(), tmp_path))
    with pytest.raises(CheckpointError, match="another configuration"):
        list(run_phase(Line(width=14), tmp_path))


def test_missing_phase_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="train it first"):
        finished_weights(tmp_path, "line")
    assert checkpoint.newest(tmp_path / "line") is None
