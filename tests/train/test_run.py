from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.errors import CheckpointError, RendererError, UnknownNameError
from ozora.model.weights import load_bundle
from ozora.stage.opengl import context
from ozora.train.beginning import BEGIN_AUTOENCODER, BEGIN_DENOISER, Beginning
from ozora.train.recipes import DiffusionPhase, Phase, tiny
from ozora.train.run import bundle, run_one, train
from ozora.train.sharpening import Sharpening


def test_unknown_phases_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="autoencoder"):
        train("tiny:none", tmp_path, resume=False)


@pytest.mark.egl
@pytest.mark.slow
def test_the_tiny_recipe_makes_weights_that_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        context()
    except RendererError as error:
        pytest.skip(str(error))
    train("tiny", tmp_path, resume=False)
    told = capsys.readouterr().err
    assert "images 20/20" in told and "sharpen at step 10, of the averaged weights:  psnr" in told
    loaded = load_bundle(tmp_path / "tiny.safetensors")
    assert loaded.card["trained_steps"] == {
        **dict.fromkeys(("autoencoder", "clips", "guided", "decoder", "sharpen", "enlarger"), 10),
        "images": 20,
    }
    assert loaded.model.enlarger is not None
    assert (tmp_path / "images" / "loss.png").is_file()
    with pytest.raises(CheckpointError, match="--resume"):
        train("tiny", tmp_path, resume=False)
    train("tiny", tmp_path, resume=True)
    _goes_on_from(tmp_path / "tiny.safetensors", tmp_path / "more")


def _goes_on_from(weights: Path, out: Path) -> None:
    """The phases that `gpu-more` has, at toy size, from weights that are there."""
    small = tiny()
    sharpen, images, guided = (small.phases[name] for name in ("sharpen", "images", "guided"))
    assert isinstance(sharpen, Sharpening) and isinstance(images, DiffusionPhase) and isinstance(guided, DiffusionPhase)
    phases: dict[str, Phase] = {
        "begin": Beginning(weights=weights),
        "latents": small.phases["latents"],
        "sharpen": replace(sharpen, after=BEGIN_AUTOENCODER),
        "main": replace(images, after=BEGIN_DENOISER),
        "bake": replace(guided, after="main", guidance=(2.0, 1.4)),
    }
    recipe = replace(
        small, name="more", phases=phases, encoder=BEGIN_AUTOENCODER, denoiser="bake", enlarger="", parser=""
    )
    for name in phases:
        list(run_one(recipe, name, out))
    before, after = load_bundle(weights), load_bundle(bundle(recipe, out).with_suffix(".safetensors"))
    assert after.card["trained_steps"] == {"sharpen": 10, "main": 20, "bake": 10}
    assert torch.equal(before.model.latent_mean, after.model.latent_mean), "the scale stays"
    encoders = [loaded.model.autoencoder.components_in.weight for loaded in (before, after)]
    assert torch.allclose(encoders[0], encoders[1], atol=1e-2)
    decoders = [loaded.model.autoencoder.components_out.weight for loaded in (before, after)]
    assert not torch.equal(decoders[0], decoders[1])
