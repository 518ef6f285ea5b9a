from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ozora.model.maquette import Painter
from ozora.train.loop import finished_weights, run_phase
from ozora.train.probe import HUES, KINDS, painter_weights, probe_loss, probed
from ozora.world.vocabulary import COLORS
from tests.model.tiny import CONFIG
from tests.train.synthetic import diffusion, write_shelf


def test_the_right_answer_costs_nothing() -> None:
    labels = torch.tensor([[[0, 3], [0, 5]]])
    drift = torch.tensor([[[0.0, 0.5], [0.0, -0.2]]])
    logits = torch.full((1, 2, KINDS + HUES + 2), -20.0)
    for token, (noun, color) in enumerate(((0, 0), (3, 5))):
        logits[0, token, noun] = logits[0, token, KINDS + color] = 20.0
        logits[0, token, -2:] = drift[0, :, token]
    weight = torch.ones(1, 2)
    assert probe_loss(logits, labels, drift, weight).item() == pytest.approx(0.0, abs=1e-5)
    logits[0, 0, -2:] = 9.0
    assert probe_loss(logits, labels, drift, weight).item() == pytest.approx(0.0, abs=1e-5), "no thing, no drift"
    logits[0, 1, -2:] = 9.0
    assert probe_loss(logits, labels, drift, weight).item() > 5


def test_training_teaches_the_probe_what_is_there(tmp_path: Path) -> None:
    phase = diffusion(write_shelf(tmp_path / "latents"), 60)
    reports = list(run_phase(phase, tmp_path))
    assert reports[-1].figures["probe"] < 0.5 * reports[0].figures["probe"]
    weights = finished_weights(tmp_path, "s1")[0]
    model = probed(Painter(CONFIG.text, CONFIG.transformer), weights).eval()
    clip = phase._shelf(1).latent[:2, :, 0].float().flatten(2).mT
    mean, std = phase.scale
    words = (torch.zeros(2, 8, dtype=torch.long), torch.zeros(2, 8, 12, dtype=torch.long))
    _, logits = model((clip - mean) / std, torch.zeros(2, 1), torch.zeros(2, 6), words, torch.zeros(6, 3))
    hue = logits[..., KINDS : KINDS + HUES].argmax(-1)
    assert set(hue[0].tolist()) == {1 + list(COLORS).index("red")}
    assert set(hue[1].tolist()) == {1 + list(COLORS).index("blue")}


def test_a_painter_alone_can_be_the_start() -> None:
    painter = Painter(CONFIG.text, CONFIG.transformer)
    weights = {name: value.clone() + 1 for name, value in painter.state_dict().items()}
    model = probed(Painter(CONFIG.text, CONFIG.transformer), weights)
    kept = painter_weights(model.state_dict())
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], value) for name, value in weights.items())
