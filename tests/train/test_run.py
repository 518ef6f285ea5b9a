from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.errors import CheckpointError, RendererError, UnknownNameError
from ozora.model.weights import load_bundle
from ozora.stage.opengl import context
from ozora.train import checkpoint
from ozora.train.recipes import FROM_SHIPPED, find
from ozora.train.run import _mean_painter, _shipped_painter, train


def test_unknown_phases_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="s0"):
        train("tiny:s9", tmp_path, resume=False)


@pytest.mark.egl
@pytest.mark.slow
def test_the_tiny_recipe_makes_weights_that_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        context()
    except RendererError as error:
        pytest.skip(str(error))
    train("tiny", tmp_path, resume=False)
    assert "s2 20/20" in capsys.readouterr().err
    bundle = load_bundle(tmp_path / "tiny.safetensors")
    assert bundle.card["trained_steps"] == {"s0": 20, "s1": 20, "s2": 20, "s4": 10, "s5": 10, "s6": 10, "s7": 10}
    assert bundle.model.upscaler is not None and bundle.model.enlarger is not None
    assert (tmp_path / "s2" / "loss.png").is_file()
    with pytest.raises(CheckpointError, match="--resume"):
        train("tiny", tmp_path, resume=False)
    train("tiny", tmp_path, resume=True)


def test_the_shipped_painter_has_a_part_in_the_mean(tmp_path: Path) -> None:
    recipe = replace(find("cpu-more"), painters=(FROM_SHIPPED, "s3"))
    shipped = _shipped_painter(recipe)
    trained = {f"ema.painter.{name}": value.float() + 2 for name, value in shipped.items()}
    checkpoint.save(tmp_path / "s3", 5, trained, {"phase": {"name": "s3"}})
    mean, facts = _mean_painter(recipe, tmp_path)
    assert facts["phase"] == {"name": "s3"}
    for name, value in shipped.items():
        torch.testing.assert_close(mean[name], value + 1)
