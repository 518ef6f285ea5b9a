from __future__ import annotations

from pathlib import Path

import torch

from ozora.train.loop import finished_weights, run_phase
from tests.train.synthetic import autoencoding


def test_the_start_is_already_close_and_training_improves_it(tmp_path: Path) -> None:
    reports = list(run_phase(autoencoding(40), tmp_path))
    assert reports[0].figures["psnr"] > 18  # principal components
    assert reports[-1].figures["loss"] < reports[0].figures["loss"]


def test_a_frozen_encoder_stays_as_it_was(tmp_path: Path) -> None:
    phase = autoencoding(3)
    before = {name: value.clone() for name, value in phase.model().state_dict().items()}
    list(run_phase(phase, tmp_path))
    after, _ = finished_weights(tmp_path, "s0")
    for name in ("look.weight", "motion_up.weight"):
        assert torch.equal(before[name], after[name])
    assert not torch.equal(before["grow.weight"], after["grow.weight"])


def test_a_part_of_the_encoder_can_be_trained_too(tmp_path: Path) -> None:
    phase = autoencoding(3, encoder=("motion_up", "motion_down"))
    before = {name: value.clone() for name, value in phase.model().state_dict().items()}
    list(run_phase(phase, tmp_path))
    after, _ = finished_weights(tmp_path, "s0")
    assert not torch.equal(before["motion_up.weight"], after["motion_up.weight"])
    assert torch.equal(before["look.weight"], after["look.weight"])
