from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ozora.errors import WeightsError
from ozora.model.maquette import Denoiser
from ozora.model.weights import load_bundle
from ozora.train.beginning import BEGIN_AUTOENCODER, BEGIN_DENOISER, Beginning, take_apart
from ozora.train.caption_probe import attach_probe
from ozora.train.loop import finished_weights
from tests.model.tiny import CONFIG, make


def test_a_bundle_is_taken_apart_into_finished_phases(tmp_path: Path) -> None:
    path = make(tmp_path / "tiny.safetensors")
    take_apart(Beginning(weights=path), tmp_path)
    model = load_bundle(path).model
    for name, part in ((BEGIN_AUTOENCODER, model.autoencoder), (BEGIN_DENOISER, model.denoiser)):
        weights, facts = finished_weights(tmp_path, name)
        assert weights.keys() == part.state_dict().keys()
        assert all(torch.equal(weights[key], value) for key, value in part.state_dict().items())
        assert facts["phase"]["weights"] == load_bundle(path).sha256
    probe = attach_probe(Denoiser(CONFIG.text, CONFIG.transformer), weights)
    assert torch.equal(probe.denoiser.transformer.write.weight, model.denoiser.transformer.write.weight)


def test_what_was_taken_apart_stays_though_the_bundle_changes(tmp_path: Path) -> None:
    path = make(tmp_path / "tiny.safetensors")
    take_apart(Beginning(weights=path), tmp_path)
    path.unlink()
    take_apart(Beginning(weights=path), tmp_path)
    with pytest.raises(WeightsError, match="missing"):
        take_apart(Beginning(weights=path), tmp_path / "other")
