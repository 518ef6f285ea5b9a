from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ozora.errors import CheckpointError
from ozora.train import checkpoint
from ozora.train.curve import read_log
from ozora.train.loop import configuration, finished_weights, run_phase
from ozora.train.optimizers import Optimizers, Schedule, muon_and_adam


@dataclass(slots=True, kw_only=True)
class Line:
    """Fits a matrix; every batch is a function of the step."""

    name: str = "line"
    schedule: Schedule = Schedule(steps=30, rate=0.05, warmup=3)  # noqa: RUF009 - frozen
    ema: float = 0.9
    width: int = 12
    device: torch.device = field(default=torch.device("cpu"), repr=False)

    def model(self) -> nn.Module:
        torch.manual_seed(0)
        return nn.ModuleDict({"blocks": nn.ModuleList([nn.Linear(self.width, self.width)])})

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        x = torch.randn(16, self.width, generator=torch.Generator().manual_seed(step))
        y = model.get_submodule("blocks.0")(x)
        return (y - x.flip(-1)).square().mean(), {}

    def optimizers(self, model: nn.Module) -> Optimizers:
        return muon_and_adam(model, muon=("blocks.",), rate=self.schedule.rate)

    def examine(self, model: nn.Module) -> dict[str, float]:
        return {"weight": float(model.get_parameter("blocks.0.weight").detach().abs().sum())}


def test_what_decides_a_phase_is_in_its_checkpoint() -> None:
    found = configuration(Line(width=7))
    assert found == {
        "name": "line",
        "schedule": {"steps": 30, "rate": 0.05, "warmup": 3, "cooldown": 0.2, "floor": 0.02},
        "ema": 0.9,
        "width": 7,
        "goes_on": False,
    }, "and not the device"


def _weights(out: Path) -> Tensor:
    weights, _ = finished_weights(out, "line")
    return torch.cat([value.flatten() for _, value in sorted(weights.items())])


def test_the_loss_falls_and_is_logged(tmp_path: Path) -> None:
    reports = list(run_phase(Line(), tmp_path))
    assert reports[-1].step == 30
    assert reports[-1].figures["loss"] < 0.7 * reports[0].figures["loss"]
    assert [line["step"] for line in read_log(tmp_path / "line") if "loss" in line] == [10, 20, 30]


def test_the_averaged_weights_are_examined_before_and_after_and_on_the_way(tmp_path: Path) -> None:
    """Which changes nothing of the training."""
    often = list(run_phase(Line(), tmp_path / "often", examine_every_s=0.0))
    assert [report.step for report in often] == list(range(1, 31))
    *_, last = run_phase(Line(), tmp_path / "seldom")
    examined = [line for line in read_log(tmp_path / "seldom" / "line") if "examined" in line]
    assert [line["step"] for line in examined] == [0, 30]
    assert torch.equal(_weights(tmp_path / "often"), _weights(tmp_path / "seldom"))
    averaged = finished_weights(tmp_path / "seldom", "line")[0]["blocks.0.weight"]
    assert last.examined == {"weight": float(averaged.abs().sum())}


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
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root}/src"}
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
