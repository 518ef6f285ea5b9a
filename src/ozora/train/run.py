"""A recipe, phase by phase, in a folder: ``ozora train cpu --out runs/cpu`` or one phase alone, ``cpu:s1``.

Every phase skips what is done, so the same command goes on where it stopped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ozora.errors import CheckpointError, UnknownNameError
from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.text import TextConfig
from ozora.model.upscaler import Upscaler, UpscalerConfig
from ozora.model.weights import SHIPPED, load_bundle, save_bundle
from ozora.stage.word_table import word_list
from ozora.train import checkpoint, latents
from ozora.train.autoencoding import Autoencoding
from ozora.train.comprehension import painter_weights
from ozora.train.curve import plot_curve
from ozora.train.diffusion import Diffusion, latent_scale
from ozora.train.growth import deepen, widen
from ozora.train.loop import Phase, Report, finished_weights, run_phase
from ozora.train.machine import close, find_machine
from ozora.train.recipes import (
    FROM_SHIPPED,
    AutoencoderPhase,
    DiffusionPhase,
    LatentPhase,
    Recipe,
    UpscalerPhase,
    find,
)
from ozora.train.renderers import Order, idle_cores
from ozora.train.upscaling import Upscaling


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
    if set(phases) & set(recipe.finals) and all(checkpoint.newest(out / name) for name in recipe.finals):
        bundle(recipe, out)


def run_one(recipe: Recipe, name: str, out: Path) -> Iterator[str]:
    """Run one phase; yields text for a live progress line."""
    phase = recipe.phases[name]
    if isinstance(phase, LatentPhase):
        yield from _fill(recipe, phase, out)
        return
    trained: Phase
    if isinstance(phase, AutoencoderPhase):
        trained = _autoencoding(recipe, name, phase, out)
    elif isinstance(phase, UpscalerPhase):
        trained = _upscaling(recipe, name, phase, out)
    else:
        trained = _diffusion(recipe, name, phase, out)
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
        encoder=phase.encoder,
        start=_decoder_start(recipe, name, phase, out),
        scale=torch.tensor(finished_weights(out, phase.painter)[1]["phase"]["latent_std"]) if phase.painter else None,
        seed=recipe.seed,
    )


def _decoder_start(recipe: Recipe, name: str, phase: AutoencoderPhase, out: Path) -> dict[str, Tensor] | None:
    """The autoencoder that a phase goes on from: none, the shipped one, or that of the first phase."""
    if phase.after == FROM_SHIPPED:
        return _shipped().autoencoder.state_dict()
    return None if name == next(iter(recipe.phases)) else _encoder(recipe, out).state_dict()


def _upscaling(recipe: Recipe, name: str, phase: UpscalerPhase, out: Path) -> Upscaling:
    return Upscaling(
        name=name,
        config=phase.config,
        autoencoder=_autoencoder(out, recipe.decoder),
        finished_by=_upscaler(out, phase.after) if phase.after else None,
        shape=recipe.shape,
        vocabulary=recipe.vocabulary,
        schedule=phase.schedule,
        clips=phase.clips,
        batch=phase.batch,
        patch=phase.patch,
        noise=phase.noise,
        frames=phase.frames,
        seed=recipe.seed,
    )


def _encoder(recipe: Recipe, out: Path) -> Autoencoder:
    """The autoencoder that makes the latents: that of the first phase, or the shipped one."""
    first, phase = next(iter(recipe.phases.items()))
    if isinstance(phase, AutoencoderPhase):
        return _autoencoder(out, first)
    return load_bundle(SHIPPED / "maquette.safetensors").model.autoencoder


def _autoencoder(out: Path, phase: str) -> Autoencoder:
    """The autoencoder of a finished phase."""
    weights, facts = finished_weights(out, phase)
    model = Autoencoder(AutoencoderConfig.from_dict(facts["phase"]["autoencoder"]))
    model.load_state_dict(weights)
    return model.eval()


def _fill(recipe: Recipe, phase: LatentPhase, out: Path) -> Iterator[str]:
    machine = find_machine()
    encoder = _encoder(recipe, out).to(machine.device)
    shrink = recipe.autoencoder.enlarge
    small = replace(recipe.shape, height=recipe.shape.height // shrink, width=recipe.shape.width // shrink)
    late = _limit(phase.minutes)
    began = time.monotonic()
    for stock in phase.shelves:
        order = Order(
            shape=small,
            vocabulary=recipe.vocabulary,
            frames=stock.frames,
            time=recipe.autoencoder.time,
            passing=stock.passing,
        )
        shards = latents.fill(
            out / "latents",
            order,
            encoder,
            clips=stock.clips,
            first_seed=stock.first_seed,
            workers=idle_cores(),
        )
        for done in shards:
            yield f"\rlatents: {done}/{stock.clips} {'passing ' * stock.passing}clips of {stock.frames} frames   "
            if late(time.monotonic() - began):
                shards.close()
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
    start, config, scale = _painter_start(recipe, phase, out)
    return Diffusion(
        name=name,
        config=config,
        scale=scale,
        schedule=phase.schedule,
        latents=out / "latents",
        servings=phase.servings,
        start=start,
        compiled=phase.compiled,
        guidance=phase.guidance,
        time_mean=phase.time_mean,
        lead_share=phase.lead_share,
        reading=phase.reading,
        ema=phase.ema,
        seed=recipe.seed,
    )


def _painter_start(
    recipe: Recipe, phase: DiffusionPhase, out: Path
) -> tuple[dict[str, Tensor] | None, MaquetteConfig, tuple[Tensor, Tensor]]:
    """Weights to go on from, the model's sizes, and the latent scale, which must never change under a painter."""
    if phase.after == FROM_SHIPPED:
        model = _shipped()
        config = replace(model.config, transformer=recipe.transformer)
        return _shipped_painter(recipe), config, (model.latent_mean, model.latent_std)
    if phase.after:
        weights, facts = finished_weights(out, phase.after)
        mean, std = torch.tensor(facts["phase"]["latent_mean"]), torch.tensor(facts["phase"]["latent_std"])
        return weights, MaquetteConfig.from_dict(facts["phase"]["model"]), (mean, std)
    longest = max(
        stock.frames for phase in recipe.phases.values() if isinstance(phase, LatentPhase) for stock in phase.shelves
    )
    scale = latent_scale(out / "latents", longest, _encoder(recipe, out).importance())
    return None, maquette_config(recipe), scale


def bundle(recipe: Recipe, out: Path) -> Path:
    """Put autoencoder, painter and latent scale together as shippable weights; returns their path."""
    weights, facts = _mean_painter(recipe, out)
    config = MaquetteConfig.from_dict(facts["phase"]["model"])
    upscaler, enlarger = _upscaler_of(recipe.upscaler, out, "upscaler"), _upscaler_of(recipe.enlarger, out, "enlarger")
    model = Maquette(
        replace(
            config,
            upscaler=None if upscaler is None else upscaler.config,
            enlarger=None if enlarger is None else enlarger.config,
        )
    )
    for part, trained in ((model.upscaler, upscaler), (model.enlarger, enlarger)):
        if part is not None and trained is not None:
            part.load_state_dict(trained.state_dict())
    model.autoencoder.load_state_dict(
        _shipped().autoencoder.state_dict()
        if recipe.decoder == FROM_SHIPPED
        else finished_weights(out, recipe.decoder)[0]
    )
    model.painter.load_state_dict(weights)
    with torch.no_grad():
        model.latent_mean.copy_(torch.tensor(facts["phase"]["latent_mean"]))
        model.latent_std.copy_(torch.tensor(facts["phase"]["latent_std"]))
    path = out / f"{recipe.name}.safetensors"
    card = {
        "name": f"maquette-{recipe.name}",
        "license": "Apache-2.0",
        "recipe": recipe.name,
        "vocabulary": recipe.vocabulary.to_dict(),
        "steps": recipe.steps,
        "solver": recipe.solver,
        "guidance": recipe.guidance,
        "lead_guidance": recipe.lead_guidance,
        "lead_shift": recipe.lead_shift,
        "rehearsals": recipe.rehearsals,
        "references": facts["phase"]["reference_share"] > 0,
        "shift": recipe.shift,
        "trained_steps": {name: _steps(out / name) for name in recipe.phases if name != "latents"},
    }
    save_bundle(path, model, card)
    return path


def _mean_painter(recipe: Recipe, out: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The mean of the weights of the recipe's painters, and the facts of the last."""
    painters = [
        _shipped_painter(recipe) if name == FROM_SHIPPED else painter_weights(finished_weights(out, name)[0])
        for name in recipe.painters
    ]
    mean = {name: torch.stack([weights[name] for weights in painters]).mean(0) for name in painters[0]}
    return mean, finished_weights(out, recipe.painters[-1])[1]


def _shipped_painter(recipe: Recipe) -> dict[str, Tensor]:
    """The painter in the package, at the size of the recipe's."""
    model = _shipped()
    weights = widen(model.painter.state_dict(), model.config.transformer, recipe.transformer)
    return deepen(weights, recipe.transformer.layers)


def _upscaler_of(phase: str, out: Path, part: str) -> Upscaler | None:
    """That of a phase, or the one in the package, if there is one."""
    if phase == FROM_SHIPPED:
        shipped: Upscaler | None = getattr(_shipped(), part)
        return shipped
    return _upscaler(out, phase) if phase else None


def _upscaler(out: Path, phase: str) -> Upscaler:
    """What a phase trained."""
    weights, facts = finished_weights(out, phase)
    model = Upscaler(UpscalerConfig.from_dict(facts["phase"]["upscaler"]))
    model.load_state_dict(weights)
    return model.eval()


def _shipped() -> Maquette:
    """The model in the package."""
    return load_bundle(SHIPPED / "maquette.safetensors").model


def _steps(folder: Path) -> int:
    path = checkpoint.newest(folder)
    return int(path.stem.split("-")[1]) if path else 0


if __name__ == "__main__":  # for torchrun, which starts a module: see machine.py
    train(sys.argv[1], Path(sys.argv[2]), resume=True)
    close()
