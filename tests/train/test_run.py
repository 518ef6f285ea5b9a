from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import CheckpointError, RendererError, UnknownNameError
from ozora.model.weights import load_bundle
from ozora.stage.opengl import context
from ozora.train.run import train


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
    bundle = load_bundle(tmp_path / "tiny.safetensors")
    assert bundle.card["trained_steps"] == {
        **dict.fromkeys(("autoencoder", "clips", "guided", "decoder", "sharpen", "enlarger"), 10),
        "images": 20,
    }
    assert bundle.model.enlarger is not None
    assert (tmp_path / "images" / "loss.png").is_file()
    with pytest.raises(CheckpointError, match="--resume"):
        train("tiny", tmp_path, resume=False)
    train("tiny", tmp_path, resume=True)
