from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ozora.train.curve import read_log
from ozora.train.loop import finished_weights, run_phase
from ozora.train.sharpening import MOST_PUSH, PUSH, PUSH_STEP, Duel, Sharpener, gradient, sharpened_decoder
from tests.train.synthetic import sharpener


def duel(phase: Sharpener) -> Duel:
    model = phase.model()
    assert isinstance(model, Duel)
    return model


def test_critics_make_the_decoder_paint_finer_and_the_encoder_stays(tmp_path: Path) -> None:
    """The pieces are noise that no latent can hold: without critics their mean is painted."""
    phase = sharpener(100)
    *_, last = run_phase(phase, tmp_path)
    *_, alone = run_phase(sharpener(100, alone=1000), tmp_path / "alone")
    before = next(line["examined"] for line in read_log(tmp_path / "sharpen") if "examined" in line)
    assert last.examined["gradient"] > 1.3 * alone.examined["gradient"]
    assert last.examined["gradient"] > 1.3 * before["gradient"]
    weights = sharpened_decoder(finished_weights(tmp_path, "sharpen")[0])
    for name, value in weights.items():
        assert torch.equal(value, phase.start[name]) == name.startswith(("encoder.", "components_in.")), name


def test_killing_and_going_on_gives_the_same_bits(tmp_path: Path) -> None:
    """Critics, their optimizer and the balance included."""
    list(run_phase(sharpener(24, alone=4, ramp=4), tmp_path / "whole"))
    runs = run_phase(sharpener(24, alone=4, ramp=4), tmp_path / "parts", save_every_s=0.0)
    next(runs)
    runs.close()
    list(run_phase(sharpener(24, alone=4, ramp=4), tmp_path / "parts"))
    whole, parts = (finished_weights(tmp_path / name, "sharpen")[0] for name in ("whole", "parts"))
    assert whole["push"] != PUSH and whole["base"] > 0
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_critics_and_decoder_learn_from_their_own_losses() -> None:
    """Before the critics are heeded, what they think moves nothing of the decoder."""
    phase = sharpener(10)
    heeded: list[Tensor] = []
    unheeded: list[Tensor] = []
    for width, found in ((8, unheeded), (8, heeded)):
        model = duel(replace(phase, phase=replace(phase.phase, width=width, alone=100 if found is unheeded else -100)))
        torch.autograd.backward(phase.loss(model, 1)[0])
        found += [value.grad for name, value in sorted(model.named_parameters()) if value.grad is not None]
        names = [name for name, value in sorted(model.named_parameters()) if value.grad is not None]
        assert not any(name.startswith(("autoencoder.encoder", "autoencoder.components_in")) for name in names)
    for name, one, other in zip(names, unheeded, heeded, strict=True):
        if name.startswith("critics."):
            assert torch.equal(one, other), "the decoder's wish to please is not the critic's"
        elif name == "autoencoder.decoder.out.weight":
            assert not torch.equal(one, other)


def test_the_balance_turns_up_what_is_soft_and_down_what_loses_too_much() -> None:
    model = duel(sharpener(10, alone=0))
    true = torch.randn(2, 3, 9, 16, 16, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    model._steer(0.5 * true, true, 0)
    assert model.push == pytest.approx(PUSH * PUSH_STEP) and model.base > 0
    model.base.fill_(model.quality.item() + 2.0)
    model._steer(0.5 * true, true, 5)
    assert model.push == pytest.approx(PUSH)
    model.base.fill_(0.1)
    for step in range(200):
        model._steer(0.5 * true, true, step)
    assert model.push == pytest.approx(MOST_PUSH)
    assert model.ratio == pytest.approx(0.5, abs=0.01)


def test_examined_figures_are_those_of_known_pictures() -> None:
    """A decoder that gives back the truth has all of its gradient; what alternates by one level a frame flickers."""
    phase = sharpener(10)
    pieces = phase.material()
    still = pieces.rgb[:, :1].expand(-1, 9, -1, -1, -1).contiguous()
    phase._material = replace(pieces, rgb=still)
    model = duel(phase)
    true = still[: phase._tested()].permute(0, 4, 1, 2, 3).float() / 127.5 - 1

    class Known(Duel):
        def decode(self, latent: Tensor) -> Tensor:
            return true + self.added

        added = torch.zeros(())

    known = Known(model.autoencoder, phase.phase)
    figures = phase.examine(known)
    assert figures["gradient"] == pytest.approx(1.0, abs=1e-4) and figures["flicker"] == 0.0
    assert figures["psnr"] > 80
    known.added = (torch.arange(9) % 2)[:, None, None] / 127.5
    figures = phase.examine(known)
    assert figures["flicker"] == pytest.approx(2.0, abs=0.01), "there and back again"
    assert figures["psnr"] == pytest.approx(10 * torch.log10(torch.tensor(4 * 127.5**2 * 9 / 4)).item(), abs=0.05)


def test_the_gradient_is_in_levels() -> None:
    ramp = (torch.arange(32) / 127.5)[None, None, None, None].expand(1, 3, 2, 16, 32)
    assert gradient(ramp).item() == pytest.approx(1.0, abs=1e-3)
