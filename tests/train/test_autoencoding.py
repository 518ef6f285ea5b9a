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
    assert torch.equal(before["join.weight"], after["join.weight"])
    assert not torch.equal(before["grow.weight"], after["grow.weight"])


def test_the_encoder_can_be_trained_too(tmp_path: Path) -> None:
    phase = autoencoding(3, train_encoder=True)
    before = phase.model().state_dict()["join.weight"].clone()
    list(run_phase(phase, tmp_path))
    assert not torch.equal(before, finished_weights(tmp_path, "s0")[0]["join.weight"])
