from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch

from ozora.model.autoencoder import Autoencoder
from ozora.model.upscaler import UpscalerConfig
from ozora.shapes import VideoShape
from ozora.train.loop import run_phase
from ozora.train.optimizers import Schedule
from ozora.train.upscaling import Upscaling
from ozora.world.vocabulary import SMALL
from tests.model.tiny import CONFIG


def test_training_brings_back_what_the_autoencoder_lost(tmp_path: Path) -> None:
    """Here all pictures have lost half of their contrast."""
    phase = Upscaling(
        name="s6",
        config=UpscalerConfig(width=16, blocks=1),
        autoencoder=Autoencoder(CONFIG.autoencoder),
        shape=VideoShape(frames=7, height=32, width=32, fps=Fraction(12)),
        vocabulary=SMALL,
        schedule=Schedule(steps=80, rate=3e-2, warmup=5),
        clips=4,
        batch=4,
        frames=7,
    )
    levels = torch.randint(0, 255, (16, 4, 4, 3), generator=torch.Generator().manual_seed(0)).float()
    true = levels.repeat_interleave(16, dim=1).repeat_interleave(16, dim=2)
    seen = 64 + 0.5 * levels.repeat_interleave(8, dim=1).repeat_interleave(8, dim=2)
    phase._pairs = (seen.byte(), true.byte(), torch.full((16, 64, 64), 255, dtype=torch.uint8))
    reports = list(run_phase(phase, tmp_path))
    assert reports[-1].figures["psnr"] > reports[0].figures["psnr"] + 3
