"""Lessons for the scene parser: pictures of the stage with their exact truth, and the training on them.

Pairs that are held out of a generator's corpus are shown to the parser on purpose: it must recognise them.

Letters: ``b`` batch, ``h w`` rows and columns, ``c`` channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ozora.evaluate.parser import HEIGHT, WIDTH, Maps, Parser, ParserNet, save_parser, shrink
from ozora.language.cast import CAST
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import Vocabulary
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Scene, Thing
from ozora.stage.scene_templates import ROOTED, WAYS, set_moving

SEEDS = 4_000_000_000
"""The first seed of the lessons; corpora and test prompts take theirs from below."""
MOVES = ("stand", "left", "right", "toward", "away", "jump", "spin")
BACKGROUND_WEIGHT = 0.4
NO_COLOR = 255
"""In truths: nothing is there, or nothing that has one of the twelve colors."""
CUT = 48
"""Pixels a side of the squares; a multiple of 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """``rgb`` [b, h, w, 3] pictures; ``noun`` and ``color`` [b, h, w] as in ``Maps``; ``place`` and ``time`` [b]."""

    rgb: Tensor
    noun: Tensor
    color: Tensor
    place: Tensor
    time: Tensor


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


def true_maps(
    renderer: Renderer, scene: Scene, times_s: NDArray[np.float64], vocabulary: Vocabulary, *, no_color: int = 0
) -> Maps:
    """What a perfect parser would answer on the scene's frames at ``times_s`` [f]; ``rgb`` is what it would see. The
    color of what has none of the vocabulary's is ``no_color``."""
    drawing = draw(scene, times_s, renderer.width / renderer.height)
    picture = shrink(torch.from_numpy(renderer.render(drawing).rgb).permute(0, 3, 1, 2).float())
    rows = (np.arange(HEIGHT) * renderer.height) // HEIGHT
    columns = (np.arange(WIDTH) * renderer.width) // WIDTH
    number = renderer.locate(drawing).thing[:, rows][:, :, columns]
    nouns = np.array([0, *(1 + vocabulary.nouns.index(thing.noun) for thing in scene.things)], np.uint8)
    known = (vocabulary.colors.index(thing.color) if thing.color else no_color for thing in scene.things)
    colors = np.array([no_color, *known], np.uint8)
    certain = np.ones((len(times_s), 1), np.float32)
    return Maps(
        noun=nouns[number],
        votes=np.eye(len(vocabulary.nouns) + 1, dtype=np.float16)[nouns[number]],
        color=colors[number],
        place=certain * np.array([place == scene.place for place in vocabulary.places], np.float32),
        time=certain * np.array([time == scene.time for time in vocabulary.times], np.float32),
        rgb=picture.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy(),
    )


def render_lessons(
    vocabulary: Vocabulary, count: int, *, seed: int = SEEDS, frame_height: int = 128, frame_width: int = 224
) -> Lessons:
    """One random frame of each of ``count`` random scenes, about 20 ms each; ``RendererError`` without OpenGL."""
    renderer = Renderer(frame_height, frame_width)
    seen = []
    for number in range(seed, seed + count):
        scene = varied_scene(number, vocabulary)
        times = np.random.default_rng([number, 29]).uniform(0, scene.duration_s, 1)
        seen.append(true_maps(renderer, scene, times, vocabulary, no_color=NO_COLOR))
    return Lessons(
        rgb=torch.from_numpy(np.concatenate([maps.rgb for maps in seen])),
        noun=torch.from_numpy(np.concatenate([maps.noun for maps in seen])),
        color=torch.from_numpy(np.concatenate([maps.color for maps in seen])),
        place=torch.from_numpy(np.concatenate([maps.place.argmax(1) for maps in seen])),
        time=torch.from_numpy(np.concatenate([maps.time.argmax(1) for maps in seen])),
    )


def worsen(picture: Float[Tensor, "b 3 h w"], rng: torch.Generator) -> Float[Tensor, "b 3 h w"]:
    """Pictures in [-1, 1] with the faults of a generator: soft, noisy, blocky, a little off in color."""
    b = len(picture)

    def draw_each(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand((b, 1, 1, 1), generator=rng)

    soft = F.avg_pool2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, 1)
    softer = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2.0, mode="bilinear")
    blocks = F.interpolate(F.avg_pool2d(picture, 4), scale_factor=4.0)
    pictures = torch.stack([picture, soft, softer, 0.6 * picture + 0.4 * blocks])
    kind = torch.randint(0, 4, (b,), generator=rng)
    mixed = pictures[kind, torch.arange(b)]
    part = draw_each(0.0, 1.0)
    mixed = part * picture + (1 - part) * mixed
    gain = 1 + 0.08 * torch.randn((b, 3, 1, 1), generator=rng).clamp(-2, 2) * draw_each(0, 1)
    shift = 0.06 * torch.randn((b, 3, 1, 1), generator=rng).clamp(-2, 2) * draw_each(0, 1)
    noise = torch.randn(picture.shape, generator=rng) * draw_each(0.0, 0.08)
    blotches = F.interpolate(torch.randn((b, 3, 8, 14), generator=rng), picture.shape[-2:], mode="bilinear")
    return (mixed * gain + shift + noise + blotches * draw_each(0.0, 0.06)).clamp(-1, 1)


def cut(lessons: Lessons, index: Tensor, rng: torch.Generator) -> Lessons:
    """Squares of ``CUT`` pixels of some lessons, each around a random pixel of a thing: three times cheaper, and no
    time is spent on empty ground."""
    squares: dict[str, list[Tensor]] = {"rgb": [], "noun": [], "color": []}
    for i in index.tolist():
        spots = lessons.noun[i].nonzero()
        spot = spots[int(torch.randint(len(spots), (), generator=rng))] if len(spots) else torch.tensor([32, 56])
        jitter = torch.randint(-CUT // 4, CUT // 4 + 1, (2,), generator=rng)
        top, left = (spot + jitter - CUT // 2).tolist()
        top, left = min(max(top, 0), HEIGHT - CUT), min(max(left, 0), WIDTH - CUT)
        for name, parts in squares.items():
            parts.append(getattr(lessons, name)[i, top : top + CUT, left : left + CUT])
    parts_of = {name: torch.stack(parts) for name, parts in squares.items()}
    return Lessons(**parts_of, place=lessons.place[index], time=lessons.time[index])


def chosen(lessons: Lessons, index: Tensor) -> Lessons:
    """Some of the lessons, whole."""
    return Lessons(**{name: getattr(lessons, name)[index] for name in ("rgb", "noun", "color", "place", "time")})


def _loss(net: ParserNet, lessons: Lessons, rng: torch.Generator, weight: Tensor, *, setting: float) -> Tensor:
    picture = lessons.rgb.permute(0, 3, 1, 2).float() / 127.5 - 1
    noun, color = lessons.noun.long(), lessons.color.long()
    if torch.rand((), generator=rng) < 0.5:
        picture, noun, color = picture.flip(-1), noun.flip(-1), color.flip(-1)
    logits = net(worsen(picture, rng))
    colors = F.cross_entropy(logits.color, color, ignore_index=NO_COLOR, reduction="sum")
    return (
        F.cross_entropy(logits.noun, noun, weight=weight)
        + 0.5 * colors / (color != NO_COLOR).sum().clamp_min(1)
        + setting * F.cross_entropy(logits.place, lessons.place)
        + setting * F.cross_entropy(logits.time, lessons.time)
    )


def train_parser(
    vocabulary: Vocabulary,
    out: Path,
    steps: int,
    *,
    lessons: Lessons | None = None,
    batch: int = 16,
    rate: float = 2e-3,
    seed: int = 0,
    start: Parser | None = None,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> Parser:
    """Train on ``lessons`` (6,000 fresh ones by default) and write the weights to ``out``.

    One-cycle AdamW: squares around things at first, whole pictures in the last quarter of the steps; 4,000 steps of 16
    take about 15 minutes on one core. ``start`` goes on from a trained parser. Same arguments, same weights.
    """
    lessons = render_lessons(vocabulary, 6000) if lessons is None else lessons
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    net = ParserNet(vocabulary)
    if start is not None:
        net.load_state_dict(start.net.state_dict())
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stubs of torch
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    weight = torch.ones(len(vocabulary.nouns) + 1)
    weight[0] = BACKGROUND_WEIGHT
    net.train()
    for step in range(steps):
        whole = step >= 0.75 * steps
        index = torch.randint(0, len(lessons.rgb), (batch if whole else 2 * batch,), generator=rng)
        taken = chosen(lessons, index) if whole else cut(lessons, index, rng)
        loss = _loss(net, taken, rng, weight, setting=0.2 if whole else 0.0)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        plan.step()
        tell(step, loss.item())
    card: dict[str, Any] = {"steps": steps, "batch": batch, "rate": rate, "seed": seed, "lessons": len(lessons.rgb)}
    if start is not None:
        card["start"] = start.card
    parser = Parser(net=net.eval(), vocabulary=vocabulary, card=card)
    save_parser(parser, out)
    return parser
