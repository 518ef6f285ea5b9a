"""The enlarger against Lanczos: pictures of 448x256 at twice and four times their size, beside true renders.

    python benchmarks/enlarge.py [--scenes 16]

"drawn" pictures are renders in a video file; "finished" ones went through the autoencoder, with a little noise on
their latents, and the upscaler before. Prints rows of a Markdown table: PSNR of the whole picture and of its things, in
dB, and how much of the true change from pixel to pixel there is.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from ozora.backends.enlarging import double
from ozora.handover.upscale import lanczos
from ozora.model.weights import SHIPPED, load_bundle
from ozora.train.corpus import Clip, Stage
from ozora.train.recipes import UpscalerPhase, find
from ozora.train.upscaling import Upscaling

FIRST = 3_500_000_000
FRAMES, SHOWN = 7, 3


def _decibels(error: np.ndarray, weight: np.ndarray) -> float:
    return float(10 * np.log10(255**2 * 3 * weight.sum() / (weight * error**2).sum()))


def _compare(picture: np.ndarray, true: np.ndarray, cover: np.ndarray) -> tuple[float, float, float]:
    error, (change, wanted) = picture.astype(float) - true, (np.diff(p.astype(float), axis=1) for p in (picture, true))
    whole, things = np.ones((*cover.shape, 1)), cover[..., None] / 255
    return _decibels(error, whole), _decibels(error, things), float(np.abs(change).mean() / np.abs(wanted).mean())


def measure(clip: Clip, half: np.ndarray, seen: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """The figures of each way for one picture ``seen``; ``half`` is the true one at twice its size, the clip's at four
    times."""
    model = load_bundle(SHIPPED / "maquette.safetensors").model.enlarger
    assert model is not None
    (height, width, _), cover = seen.shape, clip.cover[SHOWN]
    twice = double(model, seen)

    def larger(factor: int) -> np.ndarray:
        return next(lanczos(iter([seen]), factor * height, factor * width))

    return {
        "2x Lanczos": _compare(larger(2), half, cover[::2, ::2]),
        "2x learned": _compare(twice, half, cover[::2, ::2]),
        "4x Lanczos": _compare(larger(4), clip.rgb[SHOWN], cover),
        "4x learned": _compare(double(model, twice), clip.rgb[SHOWN], cover),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=16)
    scenes: int = parser.parse_args().scenes
    recipe, model = find("cpu"), load_bundle(SHIPPED / "maquette.safetensors").model
    settings = recipe.phases["s7"]
    assert isinstance(settings, UpscalerPhase)
    phase = Upscaling(
        name="measured",
        config=settings.config,
        autoencoder=model.autoencoder,
        finished_by=model.upscaler,
        shape=recipe.shape,
        vocabulary=recipe.vocabulary,
        schedule=settings.schedule,
        clips=1,
        batch=1,
        frames=FRAMES,
        noise=settings.noise,
    )
    stage = Stage(replace(recipe.shape, height=1024, width=1792), recipe.vocabulary)
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for number in range(scenes):
        clip = stage.clip(FIRST + number, frames=FRAMES)
        video = torch.from_numpy(clip.rgb).permute(0, 3, 1, 2).float()
        half = F.avg_pool2d(video, 2).round().byte().permute(0, 2, 3, 1).numpy()
        for kind, seed in (("drawn", 2 * number), ("finished", 2 * number + 1)):
            for way, figures in measure(clip, half[SHOWN], phase.seen(half, seed)[SHOWN]).items():
                rows.setdefault((kind, way), []).append(figures)
    print("| picture | way | dB | dB on things | change |\n|---|---|---|---|---|")
    for (kind, way), measured in sorted(rows.items()):
        whole, things, change = np.mean(measured, axis=0)
        print(f"| {kind} | {way} | {whole:.1f} | {things:.1f} | {change:.2f} |")


if __name__ == "__main__":
    main()
