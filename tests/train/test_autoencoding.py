from __future__ import annotations

from pathlib import Path

import torch

from ozora.train.loop import finished_weights, run_phase
from tests.train.synthetic import autoencoding


def test_the_start_is_already_close_and_training_improves_it(tmp_path: Path) -> None:
    reports = list(run_phase(autoencoding(40), tmp_path))
    assert reports[0].figures["psnr"] > 18  # principal components
    assert reports[-1].figures["loss"] < reports[0].figures["loss"]


def test_both_halves_are_trained_and_then_the_decoder_alone(tmp_path: Path) -> None:
    first = autoencoding(3)
    before = {name: value.clone() for name, value in first.model().state_dict().items()}
    list(run_phase(first, tmp_path))
    both, _ = finished_weights(tmp_path, "s0")
    parts = ("encoder.out.weight", "decoder.out.weight", "components_out.weight")
    assert not any(torch.equal(before[name], both[name]) for name in parts)

    second = autoencoding(3, start=both)
    second.name = "s5"
    list(run_phase(second, tmp_path))
    after, facts = finished_weights(tmp_path, "s5")
    assert facts["phase"]["goes_on"]
    for name, value in after.items():
        assert torch.equal(value, both[name]) == name.startswith(("encoder.", "components_in.")), name
