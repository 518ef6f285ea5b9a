"""Lessons for the scene parser: pictures of the stage with their exact truth, on disk in parts.

Pairs that are held out of a generator's corpus are shown to the parser on purpose: it must recognise them. Some
pictures went through the autoencoder, with noise on their latents: painted clips are as soft as those. No denoiser has
a part in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from ozora.backends.canvases import to_frames
from ozora.evaluate.truth import true_labels
from ozora.language.cast import CAST
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import Vocabulary
from ozora.model.autoencoder import TIME, Autoencoder
from ozora.perception.parser import HEIGHT, WIDTH, shrink
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Scene, Thing
from ozora.stage.scene_templates import ROOTED, WAYS, set_moving
from ozora.train.renderers import begin_worker

SEEDS = 4_000_000_000
"""The first seed of the lessons; corpora and test prompts take theirs from below."""
MOVES = ("stand", "left", "right", "toward", "away", "jump", "spin")
NO_COLOR = 255
"""In truths: nothing is there, or nothing that has one of the twelve colors."""
PART = 250
"""Lessons a file."""
MOST_NOISE = 0.4
"""On the latents of a decoded lesson at most, in deviations of each."""
FPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPhase:
    """``count`` lessons, one picture a scene; every ``decoded``-th is what the autoencoder of the phase ``autoencoder``
    makes of a clip of ``height`` x ``width`` pixels, 16:9 (0: none)."""

    count: int
    decoded: int = 10
    autoencoder: str = ""
    height: int = 256
    width: int = 448
    first_seed: int = SEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """``rgb`` [b, h, w, 3] pictures; ``noun`` and ``color`` [b, h / 2, w / 2] as in ``Maps``; ``place``, ``time`` and
    ``weather`` [b]; ``decoded`` [b] whether the autoencoder made it."""

    rgb: Tensor
    noun: Tensor
    color: Tensor
    place: Tensor
    time: Tensor
    weather: Tensor
    decoded: Tensor

    def __len__(self) -> int:
        return len(self.rgb)

    def taken(self, index: Tensor | slice) -> Lessons:
        """Some of them."""
        return Lessons(**{name: getattr(self, name)[index] for name in NAMES})


NAMES = tuple(field.name for field in fields(Lessons))


def _varied(rng: Rng, thing: Thing, vocabulary: Vocabulary, alone: bool) -> Thing:
    member = CAST.get(thing.noun)
    if thing.color and rng.random() < 0.5:
        thing = replace(thing, color=pick(rng, vocabulary.colors))
    moves = [move for move in MOVES if move in vocabulary.motions and (member is None or move in WAYS)]
    rooted = thing.noun in ROOTED if member is None else not member.moves
    if alone and not rooted and rng.random() < 0.5:
        return set_moving(rng, thing, pick(rng, moves))
    return thing


def varied_scene(seed: int, vocabulary: Vocabulary) -> Scene:
    """A random scene in which every color may go with every noun, and every noun may move in every way."""
    scene, _ = draw_scene(seed, vocabulary)
    rng = np.random.default_rng([seed, 23])
    alone = len(scene.things) == 1
    return replace(scene, things=tuple(_varied(rng, thing, vocabulary, alone) for thing in scene.things))


def render_lessons(
    vocabulary: Vocabulary, seeds: range, phase: LessonPhase, autoencoder: Autoencoder | None
) -> Lessons:
    """A lesson a seed: about 30 ms each, a decoded one half a second; ``RendererError`` without OpenGL."""
    parts = [_lesson(seed, vocabulary, phase, autoencoder) for seed in seeds]
    return Lessons(**{name: torch.cat([getattr(part, name) for part in parts]) for name in NAMES})


def _lesson(seed: int, vocabulary: Vocabulary, phase: LessonPhase, autoencoder: Autoencoder | None) -> Lessons:
    scene = varied_scene(seed, vocabulary)
    rng = np.random.default_rng([seed, 29])
    start_s = float(rng.uniform(0, scene.duration_s))
    if autoencoder is not None and phase.decoded and seed % phase.decoded == 0:
        renderer = _renderer(phase.height, phase.width)
        drawing = draw(scene, start_s + np.arange(1 + TIME) / FPS, phase.width / phase.height)
        chosen = int(rng.integers(1 + TIME))
        rgb = _decoded(autoencoder, renderer.render(drawing).rgb, seed)[chosen : chosen + 1]
        thing = renderer.locate(drawing).thing[chosen : chosen + 1]
        decoded = True
    else:
        renderer = _renderer(HEIGHT, WIDTH)
        drawing = draw(scene, np.array([start_s]), WIDTH / HEIGHT)
        rgb, thing = renderer.render(drawing).rgb, renderer.locate(drawing).thing
        decoded = False
    picture = shrink(torch.from_numpy(np.ascontiguousarray(rgb)).permute(0, 3, 1, 2).float()).round().clamp(0, 255)
    noun, color = true_labels(thing, scene, vocabulary, no_color=NO_COLOR)
    return Lessons(
        rgb=picture.to(torch.uint8).permute(0, 2, 3, 1).contiguous(),
        noun=torch.from_numpy(noun),
        color=torch.from_numpy(color),
        place=torch.tensor([vocabulary.places.index(scene.place)]),
        time=torch.tensor([vocabulary.times.index(scene.time)]),
        weather=torch.tensor([vocabulary.weathers.index(scene.weather)]),
        decoded=torch.tensor([decoded]),
    )


@lru_cache(maxsize=2)
def _renderer(height: int, width: int) -> Renderer:
    return Renderer(height, width)


@torch.inference_mode()
def _decoded(autoencoder: Autoencoder, rgb: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """What an autoencoder makes of a clip [f, h, w, 3] whose latents have some noise."""
    video = torch.from_numpy(rgb).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
    rng = torch.Generator().manual_seed(seed)
    latent = autoencoder.encode(video)
    level = MOST_NOISE * float(torch.rand((), generator=rng))
    deviation = latent.std((0, 2, 3, 4), keepdim=True)
    noisy = latent + level * deviation * torch.randn(latent.shape, generator=rng)
    return to_frames(autoencoder.decode(noisy)[0].permute(1, 2, 3, 0).contiguous())


def fill(
    folder: Path, vocabulary: Vocabulary, phase: LessonPhase, autoencoder: Autoencoder | None, *, workers: int
) -> Iterator[int]:
    """Write the lessons that are not in ``folder`` yet, with ``workers`` processes (0: in this one); yields how many
    are done."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(phase.first_seed, phase.first_seed + phase.count)
    parts = [seeds[at : at + PART] for at in range(0, phase.count, PART)]
    paths = [folder / f"part-{part.start}-{part.stop}.safetensors" for part in parts]
    waiting = [
        (path, part, vocabulary, phase, autoencoder)
        for path, part in zip(paths, parts, strict=True)
        if not path.exists()
    ]
    done = phase.count - sum(len(part) for _, part, *_ in waiting)
    if workers == 0:
        for order in waiting:
            done += _write(*order)
            yield done
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        for job in [pool.submit(_write, *order) for order in waiting]:
            done += job.result()
            yield done
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """In a new process: one thread, the other cores belong to the other processes."""
    begin_worker()
    torch.set_num_threads(1)


def _write(
    path: Path, seeds: range, vocabulary: Vocabulary, phase: LessonPhase, autoencoder: Autoencoder | None
) -> int:
    lessons = render_lessons(vocabulary, seeds, phase, autoencoder)
    part = path.with_suffix(".part")
    save_file({name: getattr(lessons, name).contiguous() for name in NAMES}, part)
    part.replace(path)
    return len(seeds)


def read_lessons(folder: Path) -> Lessons:
    """All lessons of a folder, in the order of their seeds; empty where there are none."""
    parts = [load_file(path) for path in sorted(folder.glob("part-*.safetensors"))]
    return Lessons(**{name: torch.cat([part[name] for part in parts]) for name in NAMES})
