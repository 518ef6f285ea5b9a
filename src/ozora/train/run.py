"""A recipe, phase by phase, in a folder: ``ozora train tiny --out runs/tiny`` or one phase alone, ``tiny:images``.

Every phase skips what is done, so the same command goes on where it stopped.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ozora.errors import CheckpointError, UnknownNameError
from ozora.evaluate.report import recognised
from ozora.model.autoencoder import ENLARGE, TIME, Autoencoder, AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig
from ozora.model.text import TextConfig
from ozora.model.upscaler import Upscaler, UpscalerConfig
from ozora.model.weights import save_bundle
from ozora.perception.parser import Parser, ParserNet, save_parser
from ozora.stage.word_table import word_list
from ozora.train import checkpoint, latents
from ozora.train.autoencoding import Autoencoding
from ozora.train.beginning import Beginning, take_apart
from ozora.train.caption_probe import denoiser_weights
from ozora.train.curve import plot_curve
from ozora.train.diffusion import Diffusion, latent_scale
from ozora.train.enlarging import Enlarging
from ozora.train.lessons import PART, LessonPhase
from ozora.train.lessons import fill as fill_lessons
from ozora.train.loop import Phase, Report, finished_weights, run_phase
from ozora.train.machine import close, find_machine, meet
from ozora.train.parsing import ParserPhase, Parsing
from ozora.train.ranges import measure_ranges
from ozora.train.recipes import (
    AutoencoderPhase,
    DiffusionPhase,
    EnlargerPhase,
    LatentPhase,
    Recipe,
    find,
)
from ozora.train.renderers import Order, idle_cores
from ozora.train.sharpening import Sharpener, Sharpening, sharpened_decoder


def train(name: str, out: Path, resume: bool) -> None:
    """Train by a recipe (``tiny``) or one phase of it (``tiny:images``), then write the weights to
    ``out/NAME.safetensors``.

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
    if isinstance(phase, Beginning):
        if find_machine().leads:
            take_apart(phase, out)
        meet()
        return
    if isinstance(phase, LatentPhase):
        yield from _fill(recipe, phase, out)
        return
    if isinstance(phase, LessonPhase):
        yield from _fill_lessons(recipe, name, phase, out)
        return
    trained: Phase
    if isinstance(phase, AutoencoderPhase):
        trained = _autoencoding(recipe, name, phase, out)
    elif isinstance(phase, Sharpening):
        trained = _sharpener(recipe, name, phase, out)
    elif isinstance(phase, ParserPhase):
        folder = out / phase.lessons
        start = finished_weights(out, phase.after)[0] if phase.after else None
        trained = Parsing(
            name=name, phase=phase, vocabulary=recipe.vocabulary, folder=folder, start=start, seed=recipe.seed
        )
    elif isinstance(phase, EnlargerPhase):
        trained = _enlarging(recipe, name, phase, out)
    else:
        trained = _diffusion(recipe, name, phase, out)
    for report in run_phase(trained, out, stop=_limit(phase.minutes)):
        yield _line(report)
        if report.examined:
            yield f"\n{name} at step {report.step}, of the averaged weights:  {_figures(report.examined)}\n"
    yield "\n"
    plot_curve(out / name)


def _limit(minutes: float | None) -> Callable[[float], bool]:
    return lambda seconds: minutes is not None and seconds > 60 * minutes


def _line(report: Report) -> str:
    """One line of progress, with the time left."""
    left_s = report.seconds / max(report.done, 1) * (report.steps - report.step)
    shown = {k: v for k, v in report.figures.items() if k in ("loss", "psnr", "psnr_things")}
    return f"\r{report.phase} {report.step}/{report.steps}  {_figures(shown)}  {left_s / 60:.0f} min left   "


def _figures(figures: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())


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
        start=finished_weights(out, phase.after)[0] if phase.after else None,
        seed=recipe.seed,
    )


def _sharpener(recipe: Recipe, name: str, phase: Sharpening, out: Path) -> Sharpener:
    return Sharpener(
        name=name,
        phase=phase,
        config=recipe.autoencoder,
        shape=recipe.shape,
        vocabulary=recipe.vocabulary,
        start=finished_weights(out, phase.after)[0],
        seed=recipe.seed,
    )


def _enlarging(recipe: Recipe, name: str, phase: EnlargerPhase, out: Path) -> Enlarging:
    return Enlarging(
        name=name,
        config=phase.config,
        autoencoder=_autoencoder(out, recipe.decoder),
        shape=recipe.shape,
        vocabulary=recipe.vocabulary,
        schedule=phase.schedule,
        clips=phase.clips,
        batch=phase.batch,
        patch=phase.patch,
        frames=phase.frames,
        seed=recipe.seed,
    )


def _autoencoder(out: Path, phase: str) -> Autoencoder:
    """The autoencoder of a finished phase."""
    weights, facts = finished_weights(out, phase)
    model = Autoencoder(AutoencoderConfig.from_dict(facts["phase"]["config"]))
    model.load_state_dict(sharpened_decoder(weights) or weights)
    return model.eval()


def _fill(recipe: Recipe, phase: LatentPhase, out: Path) -> Iterator[str]:
    machine = find_machine()
    encoder = _autoencoder(out, recipe.encoder).to(machine.device)
    small = replace(recipe.shape, height=recipe.shape.height // ENLARGE, width=recipe.shape.width // ENLARGE)
    late = _limit(phase.minutes)
    began = time.monotonic()
    for stock in phase.shelves:
        order = Order(
            shape=small,
            vocabulary=recipe.vocabulary,
            frames=stock.frames,
            time=TIME,
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


def _fill_lessons(recipe: Recipe, name: str, phase: LessonPhase, out: Path) -> Iterator[str]:
    if find_machine().leads:
        autoencoder = _autoencoder(out, phase.autoencoder) if phase.autoencoder else None
        workers = len(os.sched_getaffinity(0)) if phase.count > PART else 0
        for done in fill_lessons(out / name, recipe.vocabulary, phase, autoencoder, workers=workers):
            yield f"\rlessons: {done}/{phase.count}   "
    meet()
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
    start, config, scale = _denoiser_start(recipe, phase, out)
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
        seed=recipe.seed,
    )


def _denoiser_start(
    recipe: Recipe, phase: DiffusionPhase, out: Path
) -> tuple[dict[str, Tensor] | None, MaquetteConfig, tuple[Tensor, Tensor]]:
    """Weights to go on from, the model's sizes, and the latent scale, which must never change under a denoiser."""
    if phase.after:
        weights, facts = finished_weights(out, phase.after)
        mean, std = (torch.tensor(values) for values in facts["phase"]["scale"])
        return weights, MaquetteConfig.from_dict(facts["phase"]["config"]), (mean, std)
    longest = max(
        stock.frames for phase in recipe.phases.values() if isinstance(phase, LatentPhase) for stock in phase.shelves
    )
    return None, maquette_config(recipe), latent_scale(out / "latents", longest)


def bundle(recipe: Recipe, out: Path) -> Path:
    """Put autoencoder, denoiser, latent scale and enlarger together as shippable weights, and the scene parser as a
    file of its own; returns the path of the last that was written."""
    path = out / f"{recipe.name}.safetensors"
    if recipe.parser:
        path = _bundle_parser(recipe, out)
    return _bundle_model(recipe, out) if recipe.denoiser else path


def _bundle_parser(recipe: Recipe, out: Path) -> Path:
    weights, facts = finished_weights(out, recipe.parser)
    net = ParserNet(recipe.vocabulary)
    net.load_state_dict(weights)
    phase = recipe.phases[recipe.parser]
    assert isinstance(phase, ParserPhase)
    folder = out / phase.lessons
    parsing = Parsing(name=recipe.parser, phase=phase, vocabulary=recipe.vocabulary, folder=folder)
    figures = {name: round(value, 4) for name, value in parsing.examine(net.eval()).items()}
    card = {"recipe": recipe.name, "steps": facts["step"], "lessons": len(parsing.lessons), "right": figures}
    parser = Parser(net=net, vocabulary=recipe.vocabulary, card=card)
    card["recognised"] = recognised(parser, phase.judged)
    path = out / "parser.safetensors"
    save_parser(parser, path)
    return path


def _bundle_model(recipe: Recipe, out: Path) -> Path:
    weights, facts = finished_weights(out, recipe.denoiser)
    enlarger = _enlarger(out, recipe.enlarger) if recipe.enlarger else None
    config = MaquetteConfig.from_dict(facts["phase"]["config"])
    model = Maquette(replace(config, enlarger=None if enlarger is None else enlarger.config))
    model.enlarger = enlarger
    model.autoencoder.load_state_dict(_autoencoder(out, recipe.decoder).state_dict())
    model.denoiser.load_state_dict(denoiser_weights(weights))
    with torch.no_grad():
        for own, values in zip((model.latent_mean, model.latent_std), facts["phase"]["scale"], strict=True):
            own.copy_(torch.tensor(values))
    path = out / f"{recipe.name}.safetensors"
    card = {
        "name": f"maquette-{recipe.name}",
        "license": "Apache-2.0",
        "recipe": recipe.name,
        "vocabulary": recipe.vocabulary.to_dict(),
        "steps": recipe.steps,
        "references": facts["phase"]["reference_share"] > 0,
        "trained_steps": {
            name: _steps(out / name)
            for name, phase in recipe.phases.items()
            if not isinstance(phase, LatentPhase | Beginning | LessonPhase | ParserPhase)
        },
    }
    save_bundle(path, model.eval(), card, ranges=measure_ranges(model.eval()))
    return path


def _enlarger(out: Path, phase: str) -> Upscaler:
    """What a phase trained."""
    weights, facts = finished_weights(out, phase)
    model = Upscaler(UpscalerConfig.from_dict(facts["phase"]["config"]))
    model.load_state_dict(weights)
    return model.eval()


def _steps(folder: Path) -> int:
    path = checkpoint.newest(folder)
    return int(path.stem.split("-")[1]) if path else 0


if __name__ == "__main__":  # for torchrun, which starts a module: see machine.py
    train(sys.argv[1], Path(sys.argv[2]), resume=True)
    close()
