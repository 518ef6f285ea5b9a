from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ozora.language.vocabulary import SMALL
from ozora.model.autoencoder import Autoencoder
from ozora.model.upscaler import UpscalerConfig
from ozora.shapes import VideoShape
from ozora.train.enlarging import Enlarging
from ozora.train.loop import run_phase
from ozora.train.optimizers import Schedule
from tests.model.tiny import CONFIG


def make_phase(**changes: Any) -> Enlarging:
    phase = Enlarging(
        name="enlarger",
        config=UpscalerConfig(width=16, blocks=1),
        autoencoder=Autoencoder(CONFIG.autoencoder).eval(),
        shape=VideoShape(frames=9, height=64, width=64, fps=Fraction(12)),
        vocabulary=SMALL,
        schedule=Schedule(steps=80, rate=3e-2, warmup=5),
        clips=4,
        batch=4,
        frames=9,
    )
    return replace(phase, **changes)


def test_training_brings_back_what_the_autoencoder_lost(tmp_path: Path) -> None:
    """Here all pictures have lost half of their contrast."""
    phase = make_phase()
    levels = torch.randint(0, 255, (16, 4, 4, 3), generator=torch.Generator().manual_seed(0)).float()
    true = levels.repeat_interleave(16, dim=1).repeat_interleave(16, dim=2)
    seen = 64 + 0.5 * levels.repeat_interleave(8, dim=1).repeat_interleave(8, dim=2)
    phase._pairs = (seen.byte(), true.byte(), torch.full((16, 64, 64), 255, dtype=torch.uint8))
    reports = list(run_phase(phase, tmp_path))
    assert reports[-1].figures["psnr"] > reports[0].figures["psnr"] + 3


def test_an_enlarger_sees_finished_pictures() -> None:
    """Every other clip is the renderer's, in a video file; the others went through the autoencoder before."""
    phase = make_phase()
    column = np.linspace(30, 220, 128).astype(np.uint8)
    rgb = np.broadcast_to(column[None, None, :, None], (9, 128, 128, 3)).copy()
    drawn, painted = phase.seen(rgb, 0), phase.seen(rgb, 1)
    assert drawn.shape == painted.shape == (9, 64, 64, 3)
    half = rgb[:, ::2, ::2].astype(int)
    assert np.abs(drawn - half).mean() < 4
    assert np.abs(painted - half).mean() > 8, "this autoencoder has learnt nothing"


def test_places_lie_on_each_other() -> None:
    phase = make_phase(patch=16)
    seen = torch.randint(0, 255, (3, 40, 60, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    true = seen.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    x, y, mask = phase._places(seen, true, true[..., 0], torch.tensor([0, 2, 2, 1]), torch.Generator().manual_seed(2))
    assert x.shape == (4, 16, 16, 3)
    assert torch.equal(y[:, ::2, ::2], x) and torch.equal(mask, y[..., 0])
    assert not torch.equal(x[1], x[2]), "other places of the same picture"
