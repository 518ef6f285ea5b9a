"""The latent cache: clips are rendered and encoded once, and re-used with fresh noise and captions.

A shard is one safetensors file: ``latent`` [n, k, g, i, j] float16, ``things`` [n, g, i, j] uint8 (how much of a token
a thing covers), the labels of the tokens (``labels.py``), and in its header the statements. Every clip is stored with
its mirror image, unless the mirrored facts are a held-out pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from ozora.model.autoencoder import Autoencoder
from ozora.train.corpus import Clip, Stage
from ozora.train.labels import label_tokens
from ozora.world.captions import write_caption
from ozora.world.facts import Fact, Ref, Statement
from ozora.world.situations import mirrored
from ozora.world.vocabulary import is_held_out

SHARD = 64
"""Clips (before mirroring) a shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All cached clips of a length: ``latent`` [n, k, g, i, j], ``things`` [n, g, i, j] in 0..1, ``names`` and
    ``drift`` [n, 2, g, i, j] of ``Labels``, ``statements`` [n]."""

    latent: Tensor
    things: Tensor
    names: Tensor
    drift: Tensor
    statements: tuple[Statement, ...]

    def caption(self, index: int, turn: int) -> str:
        """One phrasing of what a clip shows."""
        return write_caption(np.random.default_rng([index, 17, turn]), self.statements[index]).text


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
def encode_clips(stage: Stage, autoencoder: Autoencoder, seeds: range, frames: int) -> Iterator[tuple[Any, ...]]:
    """(latent [k, g, i, j], things [g, i, j], labels, statement) of each seed and of its mirror image."""
    config = autoencoder.config
    space = config.space // config.enlarge
    for seed in seeds:
        clip: Clip = stage.clip(seed, frames=frames)
        video = torch.from_numpy(clip.rgb).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
        cover = torch.from_numpy(clip.cover)
        labels = label_tokens(stage.whereabouts(seed, frames=frames, time=config.time), space)
        versions = [(video, cover, labels, clip.statement)]
        other = mirror(clip.statement)
        if other is not None:
            versions.append((video.flip(-1), cover.flip(-1), labels.mirrored(), other))
        latents = autoencoder.encode_small(torch.cat([version[0] for version in versions])).half()
        for latent, (_, mask, said, statement) in zip(latents, versions, strict=True):
            yield latent, cover_tokens(mask, config.time, space), said, statement


def fill(
    folder: Path, stage: Stage, autoencoder: Autoencoder, *, frames: int, clips: int, first_seed: int
) -> Iterator[int]:
    """Render and encode ``clips`` clips into shards, skipping those that are there; yields how many are done."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, clips, SHARD):
        path = folder / f"f{frames}-{first_seed + start}.safetensors"
        seeds = range(first_seed + start, first_seed + min(start + SHARD, clips))
        if not path.exists():
            items = list(encode_clips(stage, autoencoder, seeds, frames))
            tensors = {
                "latent": torch.stack([latent for latent, _, _, _ in items]),
                "things": torch.stack([things for _, things, _, _ in items]),
                "names": torch.stack([labels.names for _, _, labels, _ in items]),
                "drift": torch.stack([labels.drift.half() for _, _, labels, _ in items]),
            }
            said = json.dumps([to_dict(statement) for _, _, _, statement in items])
            part = path.with_suffix(".part")
            save_file(tensors, part, {"statements": said})
            part.replace(path)
        yield start + len(seeds)


def read_shelf(folder: Path, frames: int) -> Shelf | None:
    """All shards of one length, in order of their seeds; ``None`` when there are none."""
    paths = sorted(folder.glob(f"f{frames}-*.safetensors"), key=lambda path: int(path.stem.split("-")[1]))
    parts: dict[str, list[Tensor]] = {"latent": [], "things": [], "names": [], "drift": []}
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
        "things": [[ref.noun, ref.color, ref.size, ref.count] for ref in statement.things],
        "facts": [[fact.kind, fact.value, fact.subject, fact.object] for fact in statement.facts],
    }


def from_dict(data: dict[str, Any]) -> Statement:
    """The way back."""
    return Statement(
        things=tuple(Ref(noun=n, color=c, size=s, count=k) for n, c, s, k in data["things"]),
        facts=tuple(Fact(kind=k, value=v, subject=s, object=o) for k, v, s, o in data["facts"]),
    )
