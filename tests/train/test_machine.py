from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ozora.train.curve import read_log
from ozora.train.loop import finished_weights
from ozora.train.machine import Machine, find_machine, like, share, whole

SCRIPT = """
import sys
from pathlib import Path
from tests.train.synthetic import diffusion, sharpener
from ozora.train.loop import run_phase
from ozora.train.machine import close
folder, out, steps = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for phase in (diffusion(folder, steps), sharpener(steps, alone=1, ramp=1)):
    for report in run_phase(phase, out):
        pass
close()
"""


def test_alone_nothing_is_split() -> None:
    machine = find_machine()
    assert machine.leads
    model = torch.nn.Linear(3, 3)
    assert share(model, Machine(device=torch.device("cpu"))) is model
    assert whole(model.weight) is model.weight
    assert torch.equal(like(torch.ones(3), model.bias), torch.ones(3))


@pytest.mark.slow
def test_two_processes_train_one_model_and_resume(tmp_path: Path) -> None:
    from tests.train.synthetic import write_shelf

    folder = write_shelf(tmp_path / "latents")
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    root = str(Path(__file__).parents[2])

    def torchrun(out: Path, steps: int) -> None:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
        environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root}/src", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [*command, str(folder), str(out), str(steps)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]

    torchrun(tmp_path / "run", 6)
    weights, facts = finished_weights(tmp_path / "run", "s1")
    assert facts["step"] == 6
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert weights["denoiser.transformer.blocks.0.qkv.weight"].shape == (96, 32)
    sharpened, facts = finished_weights(tmp_path / "run", "sharpen")
    assert facts["step"] == 6 and sharpened["base"] > 0
    assert all(torch.isfinite(value).all() for value in sharpened.values())
    lines = [line for line in read_log(tmp_path / "run" / "sharpen") if "examined" in line]
    assert [line["step"] for line in lines] == [0, 6] and all(line["examined"]["gradient"] > 0 for line in lines)
