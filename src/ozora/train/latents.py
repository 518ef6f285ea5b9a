"""The latent cache: clips are rendered and encoded once, and re-used with fresh noise and captions.

A shard is one safetensors file: ``latent`` [n, k, g, i, j] float16, ``things`` [n, g, i, j] uint8 (how much of a token
a thing covers), the labels of the cells (``labels.py``), and in its header the statements. Every clip is stored with
its mirror image, unless the mirrored facts are a held-out pair. Passing clips (``corpus.Stage``) have files of their
own.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from ozora.language.captions import write_caption
from ozora.language.facts import Caption, Fact, Ref, Statement
from ozora.language.sentences import sentence
from ozora.language.vocabulary import is_held_out
from ozora.model.autoencoder import PATCH, TIME, Autoencoder
from ozora.stage.scene_templates import mirrored
from ozora.train.labels import label_cells
from ozora.train.renderers import Example, Order, render_clips

SHARD = 64
"""Clips (before mirroring) a shard."""
PLAIN_SHARE = 0.7
"""Of the captions, how many are in the one wording of ``sentences.sentence``."""

Item = tuple[dict[str, Tensor], Statement]
"""The tensors of one clip by their names in a shard, and what can be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All cached clips of a length: ``latent`` [n, k, g, i, j], ``things`` [n, g, i, j] in 0..1, ``names``, ``drift``
    and ``facing`` [n, 2, g, y, x] and ``share`` [n, g, y, x] in 0..255 of ``Labels``, ``statements`` [n]."""

    latent: Tensor
    things: Tensor
    names: Tensor
    share: Tensor
    drift: Tensor
    facing: Tensor
    statements: tuple[Statement, ...]

    def caption(self, index: int, turn: int) -> str:
        """One phrasing of what a clip shows; most are plain, as prompts are put before they are painted."""
        return self.said(index, turn).text

    def said(self, index: int, turn: int, statement: Statement | None = None) -> Caption:
        """The same with what it states: of what the clip shows, or of the part of it that there is to say."""
        rng = np.random.default_rng([index, 17, turn])
        caption = write_caption(rng, self.statements[index] if statement is None else statement)
        return replace(caption, text=sentence(caption.statement)) if rng.random() < PLAIN_SHARE else caption


def mirror(statement: Statement) -> Statement | None:
    """What a mirrored clip states; ``None`` when that is a held-out pair."""
    facts = []
    for fact in statement.facts:
        if fact.kind in ("motion", "relation", "camera"):
            fact = replace(fact, value=mirrored(fact.value))
            if fact.subject is not None and _is_out(fact, statement.things[fact.subject], fact.value):
                return None
            other = fact.object if fact.kind == "relation" else None
            if other is not None and _is_out(fact, statement.things[other], mirrored(fact.value)):
                return None
        facts.append(fact)
    return replace(statement, facts=tuple(facts))


def _is_out(fact: Fact, ref: Ref, value: str) -> bool:
    return is_held_out(f"noun {fact.kind}", ref.noun, value)


def cover_tokens(cover: Tensor, time: int, space: int) -> Tensor:
    """Share of each latent token that things cover: [f, h, w] in 0..255 to [g, i, j] in 0..255."""
    small = F.avg_pool2d(cover.float()[:, None], space)[:, 0]
    rest = small[1:].reshape(-1, time, *small.shape[1:]).amax(dim=1)
    return torch.cat([small[:1], rest]).round().to(torch.uint8)


@torch.no_grad()
def encode(example: Example, autoencoder: Autoencoder) -> Iterator[Item]:
    """A clip and its mirror image as tokens."""
    clip, where = example
    device = next(autoencoder.parameters()).device
    video = torch.from_numpy(clip.rgb).to(device).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
    cover, labels = torch.from_numpy(clip.cover), label_cells(where, PATCH)
    versions = [(video, cover, labels, clip.statement)]
    other = mirror(clip.statement)
    if other is not None:
        versions.append((video.flip(-1), cover.flip(-1), labels.mirrored(), other))
    latents = autoencoder.encode_small(torch.cat([version[0] for version in versions])).half().cpu()
    for latent, (_, mask, said, statement) in zip(latents, versions, strict=True):
        share = (said.share * 255).round().to(torch.uint8)
        tensors = {"names": said.names, "share": share, "drift": said.drift.half(), "facing": said.facing.half()}
        yield {"latent": latent, "things": cover_tokens(mask, TIME, PATCH), **tensors}, statement


def fill(
    folder: Path, order: Order, autoencoder: Autoencoder, *, clips: int, first_seed: int, workers: int = 0
) -> Generator[int]:
    """Render and encode ``clips`` clips into shards, skipping those that are there; yields how many are done."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [range(first_seed + k, first_seed + min(k + SHARD, clips)) for k in range(0, clips, SHARD)]
    name = _name(order.frames, order.passing)
    paths = {seeds: folder / f"{name}-{seeds.start}.safetensors" for seeds in shards}
    missing = [seeds for seeds in shards if not paths[seeds].exists()]
    done = clips - sum(map(len, missing))
    examples = render_clips(order, chain.from_iterable(missing), workers=workers)
    for seeds in missing:
        _write(
            paths[seeds], [item for example in islice(examples, len(seeds)) for item in encode(example, autoencoder)]
        )
        done += len(seeds)
        yield done


def _write(path: Path, items: list[Item]) -> None:
    """One shard, whole or not at all."""
    tensors = {name: torch.stack([tensors[name] for tensors, _ in items]) for name in items[0][0]}
    said = json.dumps([to_dict(statement) for _, statement in items])
    part = path.with_suffix(".part")
    save_file(tensors, part, {"statements": said})
    part.replace(path)


def _name(frames: int, passing: bool) -> str:
    return f"{'passing' if passing else 'f'}{frames}"


def read_shelf(folder: Path, frames: int, *, passing: bool = False) -> Shelf | None:
    """All shards of one length, in order of their seeds; ``None`` when there are none."""
    paths = sorted(
        folder.glob(f"{_name(frames, passing)}-*.safetensors"), key=lambda path: int(path.stem.split("-")[1])
    )
    parts: dict[str, list[Tensor]] = {"latent": [], "things": [], "names": [], "share": [], "drift": [], "facing": []}
    statements: list[Statement] = []
    for path in paths:
        with safe_open(path, "pt") as file:
            for name, tensors in parts.items():
                tensors.append(file.get_tensor(name))
            statements += [from_dict(item) for item in json.loads(file.metadata()["statements"])]
    if not statements:
        return None
    whole = {name: torch.cat(tensors) for name, tensors in parts.items()}
    return Shelf(**{**whole, "things": whole["things"].float() / 255}, statements=tuple(statements))


def to_dict(statement: Statement) -> dict[str, Any]:
    """A statement as plain data."""
    return {
        "things": [[ref.noun, ref.color, ref.size, ref.count, ref.word] for ref in statement.things],
        "facts": [[fact.kind, fact.value, fact.subject, fact.object, fact.manner] for fact in statement.facts],
    }


def from_dict(data: dict[str, Any]) -> Statement:
    """The way back."""
    return Statement(
        things=tuple(Ref(noun=n, color=c, size=s, count=k, word=w) for n, c, s, k, w in data["things"]),
        facts=tuple(Fact(kind=k, value=v, subject=s, object=o, manner=m) for k, v, s, o, m in data["facts"]),
    )
