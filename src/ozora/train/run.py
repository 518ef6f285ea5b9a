"""A recipe, phase by phase, in a folder: ``ozora train cpu --out runs/cpu`` or one phase alone, ``cpu:s1``.

Every phase skips what is done, so the same command goes on where it stopped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from ozora.errors import CheckpointError, UnknownNameError
from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.text import TextConfig
from ozora.model.weights import save_bundle
from ozora.train import checkpoint, latents
from ozora.train.autoencoding import Autoencoding
from ozora.train.corpus import Stage
from ozora.train.curve import plot_curve
from ozora.train.diffusion import Diffusion
from ozora.train.loop import Phase, Report, finished_weights, run_phase
from ozora.train.recipes import AutoencoderPhase, DiffusionPhase, LatentPhase, Recipe, find
from ozora.world.words import word_list


def train(name: str, out: Path, resume: bool) -> None:
    """Train by a recipe (``cpu``) or one phase of it (``cpu:s1``), then write the weights to ``out/NAME.safetensors``.

    ``UserError`` when the recipe or the phase does not exist; ``CheckpointError`` when ``out`` holds another run and
    ``resume`` is not asked for, or a checkpoint does not fit.
    """
    recipe_name, _, only = name.partition(":")
    recipe = find(recipe_name)
    if only and only not in recipe.phases:
        raise UnknownNameError(f"{recipe_name} has no phase '{only}'; it has: {', '.join(recipe.phases)}")
    phases = [only] if only else list(recipe.phases)
    if not resume and any(checkpoint.newest(out / phase) for phase in phases):
        raise CheckpointError(f"{out} holds an earlier run; add --resume to go on with it, or choose another folder")
    for phase in phases:
        for line in run_one(recipe, phase, out):
            print(line, end="", file=sys.stderr, flush=True)  # noqa: T201 - the live progress line
    if recipe.painter in phases:
        bundle(recipe, out)


def run_one(recipe: Recipe, name: str, out: Path) -> Iterator[str]:
    """Run one phase; yields text for a live progress line."""
    phase = recipe.phases[name]
    if isinstance(phase, LatentPhase):
        yield from _fill(recipe, phase, out)
        return
    trained: Phase = (
        _autoencoding(recipe, name, phase, out)
        if isinstance(phase, AutoencoderPhase)
        else _diffusion(recipe, name, phase, out)
    )
    for report in run_phase(trained, out, stop=_limit(phase.minutes)):
        yield _line(report)
    yield "\n"
    plot_curve(out / name)


def _limit(minutes: float | None) -> Callable[[float], bool]:
    return lambda seconds: minutes is not None and seconds > 60 * minutes


def _line(report: Report) -> str:
    """One line of progress, with the time left."""
    left_s = report.seconds / max(report.done, 1) * (report.steps - report.step)
    shown = {k: v for k, v in report.figures.items() if k in ("loss", "psnr", "psnr_things")}
    figures = "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
    return f"\r{report.phase} {report.step}/{report.steps}  {figures}  {left_s / 60:.0f} min left   "


def _autoencoding(recipe: Recipe, name: str, phase: AutoencoderPhase, out: Path) -> Autoencoding:
    first = next(iter(recipe.phases))
    return Autoencoding(
        name=name,
        config=recipe.autoencoder,
        shape=recipe.shape,
        vocabulary=recipe.vocabulary,
        schedule=phase.schedule,
        clips=phase.clips,
        batch=phase.batch,
        frames=phase.frames,
        noise=phase.noise,
        train_encoder=phase.train_encoder,
        start=None if name == first else finished_weights(out, first)[0],
        seed=recipe.seed,
    )


def _encoder(recipe: Recipe, out: Path) -> Autoencoder:
    weights, facts = finished_weights(out, next(iter(recipe.phases)))
    model = Autoencoder(AutoencoderConfig.from_dict(facts["phase"]["autoencoder"]))
    model.load_state_dict(weights)
    return model.eval()


def _fill(recipe: Recipe, phase: LatentPhase, out: Path) -> Iterator[str]:
    encoder = _encoder(recipe, out)
    shrink = recipe.autoencoder.enlarge
    small = replace(recipe.shape, height=recipe.shape.height // shrink, width=recipe.shape.width // shrink)
    stage = Stage(small, recipe.vocabulary)
    began = time.monotonic()
    for frames, clips, first_seed in phase.shelves:
        for done in latents.fill(out / "latents", stage, encoder, frames=frames, clips=clips, first_seed=first_seed):
            yield f"\rlatents: {done}/{clips} clips of {frames} frames   "
            if _limit(phase.minutes)(time.monotonic() - began):
                break
    yield "\n"


def maquette_config(recipe: Recipe) -> MaquetteConfig:
    """The model of a recipe."""
    return MaquetteConfig(
        autoencoder=recipe.autoencoder,
        text=TextConfig(words=word_list(), width=recipe.transformer.text_width, layers=recipe.text_layers),
        transformer=recipe.transformer,
        height=recipe.shape.height,
        width=recipe.shape.width,
        fps=int(recipe.shape.fps),
        frames=recipe.shape.frames,
    )


def _diffusion(recipe: Recipe, name: str, phase: DiffusionPhase, out: Path) -> Diffusion:
    weights, _ = finished_weights(out, next(iter(recipe.phases)))
    return Diffusion(
        name=name,
        config=maquette_config(recipe),
        schedule=phase.schedule,
        latents=out / "latents",
        servings=phase.servings,
        start=finished_weights(out, phase.after)[0] if phase.after else None,
        importance=weights["part.weight"].norm(dim=0),
        seed=recipe.seed,
    )


def bundle(recipe: Recipe, out: Path) -> Path:
    """Put autoencoder, painter and latent scale together as shippable weights; returns their path."""
    phase = recipe.phases[recipe.painter]
    assert isinstance(phase, DiffusionPhase)
    trained = _diffusion(recipe, recipe.painter, replace(phase, after=""), out)
    weights, facts = finished_weights(out, recipe.painter)
    model = Maquette(MaquetteConfig.from_dict(facts["phase"]["model"]))
    model.autoencoder.load_state_dict(finished_weights(out, recipe.decoder)[0])
    model.painter.load_state_dict(weights)
    mean, std = trained.scale()
    with torch.no_grad():
        model.latent_mean.copy_(mean)
        model.latent_std.copy_(std)
    path = out / f"{recipe.name}.safetensors"
    card = {
        "name": f"maquette-{recipe.name}",
        "license": "Apache-2.0",
        "recipe": recipe.name,
        "vocabulary": recipe.vocabulary.to_dict(),
        "steps": 12,
        "guidance": 3.0,
        "shift": 2.0,
        "trained_steps": {name: _steps(out / name) for name in recipe.phases if name != "latents"},
    }
    save_bundle(path, model, card)
    return path


def _steps(folder: Path) -> int:
    path = checkpoint.newest(folder)
    return int(path.stem.split("-")[1]) if path else 0
