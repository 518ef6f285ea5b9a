"""What the shipped autoencoder keeps of clips of the stage that it has never seen; rows of a Markdown table by motion.

    python benchmarks/autoencoder.py [weights] [--clips 3]

Decibels on things; "movement kept", how much of the change from frame to frame within a latent frame (regression on
the true change: 1 is all of it); "edge", the change from one latent frame to the next by that within one (a true clip:
about 1). Each of exact latents, and of latents with noise of 0.3 of the deviation by which a painter's loss divides
them, about as far off as what a denoiser paints. Scenes of toys: the cast needs its pack. Half a
minute on two idle cores.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ozora.backends.maquette import WEIGHTS
from ozora.language.vocabulary import TOY_WORLD
from ozora.model.autoencoder import TIME
from ozora.model.maquette import Maquette
from ozora.model.weights import load_bundle
from ozora.shapes import VideoShape
from ozora.train.corpus import Stage

UNSEEN = 3_100_000_000
"""The first seed: training ends far below it."""
FRAMES = 25
NOISE = 0.3

Figures = NDArray[np.float64]
"""Decibels, movement kept and edge."""


def decoded(model: Maquette, rgb: NDArray[np.uint8], noise: float, generator: torch.Generator) -> NDArray[np.float32]:
    """A clip [f, h, w, 3] through the autoencoder, in -1..1."""
    video = torch.from_numpy(rgb).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
    with torch.inference_mode():
        latent = model.normalize(model.autoencoder.encode(video))
        latent = model.denormalize(latent + noise * torch.randn(latent.shape, generator=generator))
        pixels: NDArray[np.float32] = model.autoencoder.decode(latent)[0].clamp(-1, 1).permute(1, 2, 3, 0).numpy()
    return pixels


def figures(rgb: NDArray[np.uint8], cover: NDArray[np.uint8], made: NDArray[np.float32], time: int) -> Figures:
    """How near a decoded clip is to the true one, whose things cover ``cover`` [f, h, w] in 0..255."""
    true, mask = rgb / 127.5 - 1, cover / 255
    error = (mask[..., None] * (made - true) ** 2).sum() / (3 * mask.sum())
    changes, copies = np.diff(true, axis=0), np.diff(made, axis=0)
    edge = np.arange(len(changes)) % time == 0
    kept = (changes[~edge] * copies[~edge]).sum() / (changes[~edge] ** 2).sum()
    step = np.abs(copies[edge]).mean() / np.abs(copies[~edge]).mean()
    return np.array([-10 * np.log10(error / 4), kept, step])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("weights", type=Path, nargs="?", default=WEIGHTS)
    arguments.add_argument("--clips", type=int, default=3, help="of each motion")
    wishes = arguments.parse_args()
    bundle = load_bundle(wishes.weights)
    model, config = bundle.model, bundle.model.config
    world = TOY_WORLD
    shape = VideoShape(frames=config.frames, height=config.height, width=config.width, fps=Fraction(config.fps))
    stage, generator, seed = Stage(shape, world), torch.Generator().manual_seed(0), UNSEEN
    found: dict[str, list[tuple[Figures, Figures]]] = {motion: [] for motion in world.motions}
    while any(len(clips) < wishes.clips for clips in found.values()):
        seed += 1
        clip = stage.clip(seed, frames=FRAMES)
        motion = next((fact.value for fact in clip.statement.facts if fact.kind == "motion"), "stand")
        if len(found[motion]) < wishes.clips:
            exact, near = (
                figures(clip.rgb, clip.cover, decoded(model, clip.rgb, noise, generator), TIME)
                for noise in (0.0, NOISE)
            )
            found[motion].append((exact, near))
    print("| motion | dB on things | movement kept | edge | with noise: dB | movement kept | edge |")
    print("|---" * 7 + "|")
    for motion, clips in found.items():
        (db, kept, edge), (noisy_db, noisy_kept, noisy_edge) = np.mean(clips, axis=0)
        print(
            f"| {motion} | {db:.1f} | {kept:.2f} | {edge:.1f} | {noisy_db:.1f} | {noisy_kept:.2f} | {noisy_edge:.1f} |"
        )


if __name__ == "__main__":
    main()
