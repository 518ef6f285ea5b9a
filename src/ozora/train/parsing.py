"""The phase of the scene parser: from pictures of the stage to what is where in them.

Squares around things at first, three times cheaper than whole pictures and without empty ground; whole pictures in the
last steps. Pictures are worsened as generators do.

Letters: ``b`` batch, ``h w`` rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.language.cast import kind
from ozora.language.vocabulary import Vocabulary
from ozora.model.precision import mixed
from ozora.perception.parser import FINE, ParserNet
from ozora.train.lessons import NAMES, NO_COLOR, Lessons, read_lessons
from ozora.train.optimizers import Optimizers, Schedule, muon_and_adam

CUT = 48
"""Pixels of the maps a side of the squares; a multiple of 8."""
BACKGROUND_WEIGHT = 0.4
COLOR_WEIGHT, SETTING_WEIGHT = 0.5, 0.2
AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserPhase:
    """A scene parser on the lessons of the phase ``lessons``, going on from the phase ``after``: ``batch`` whole
    pictures a step in the last share ``whole`` of the steps, twice as many squares before. The first ``tested`` lessons
    are only measured; ``judged`` prompts tell what the verifiers recognise with it."""

    schedule: Schedule
    batch: int
    whole: float = 0.2
    lessons: str = "lessons"
    after: str = ""
    tested: int = 600
    judged: int = 160
    minutes: float | None = None


@dataclass(slots=True, kw_only=True)
class Parsing:
    """A ``Phase`` of the loop; ``folder`` holds the lessons."""

    name: str
    phase: ParserPhase
    vocabulary: Vocabulary
    folder: Path = field(repr=False)
    start: dict[str, Tensor] | None = field(default=None, repr=False)
    seed: int = 0
    ema: float = 0.998
    device: torch.device = field(default_factory=lambda: torch.device("cpu"), repr=False)
    _lessons: Lessons | None = field(default=None, repr=False)

    @property
    def schedule(self) -> Schedule:
        return self.phase.schedule

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        net = ParserNet(self.vocabulary)
        if self.start is not None:
            net.load_state_dict(self.start)
        return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def optimizers(self, model: nn.Module) -> Optimizers:
        return muon_and_adam(model, muon=(), rate=self.schedule.rate, weight_decay=0.02)

    @property
    def lessons(self) -> Lessons:
        if self._lessons is None:
            self._lessons = read_lessons(self.folder)
        return self._lessons

    def loss(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        whole = step >= (1 - self.phase.whole) * self.schedule.steps
        first, last = min(self.phase.tested, len(self.lessons) // 2), len(self.lessons)
        index = torch.randint(first, last, (self.phase.batch * (1 if whole else 2),), generator=rng)
        taken = self.lessons.taken(index) if whole else cut(self.lessons, index, rng)
        picture = worsen(_in_range(taken.rgb), rng)
        noun, color = taken.noun.long(), taken.color.long()
        if torch.rand((), generator=rng) < 0.5:
            picture, noun, color = picture.flip(-1), noun.flip(-1), color.flip(-1)
        noun, color = noun.to(self.device), color.to(self.device)
        with mixed(self.device):
            logits = model(picture.to(self.device, memory_format=torch.channels_last))
        weight = torch.ones(len(self.vocabulary.nouns) + 1, device=self.device)
        weight[0] = BACKGROUND_WEIGHT
        nouns = F.cross_entropy(logits.noun.float(), noun, weight=weight)
        colors = F.cross_entropy(logits.color.float(), color, ignore_index=NO_COLOR, reduction="sum")
        loss = nouns + COLOR_WEIGHT * colors / (color != NO_COLOR).sum().clamp_min(1)
        for name in ("place", "time", "weather"):
            truth = getattr(taken, name).to(self.device)
            loss = loss + SETTING_WEIGHT * F.cross_entropy(getattr(logits, name).float(), truth)
        there = noun > 0
        right = float((logits.noun.argmax(1) == noun)[there].float().mean()) if there.any() else 1.0
        return loss, {"nouns": right}

    @torch.inference_mode()
    def examine(self, model: nn.Module) -> dict[str, float]:
        """Shares that are right on lessons that were never learnt from: pixels of things by noun and color, things by
        what most of their pixels say, and pictures by place, time and weather; of drawn and of decoded ones."""
        held = self.lessons.taken(slice(0, min(self.phase.tested, len(self.lessons) // 2)))
        figures: dict[str, float] = {}
        for title, index in (("drawn", ~held.decoded), ("decoded", held.decoded)):
            if index.any():
                found = _examined(model, held.taken(index), self.vocabulary, self.device)
                figures |= {f"{title} {name}": value for name, value in found.items()}
        return figures


def _in_range(rgb: Tensor) -> Float[Tensor, "b 3 h w"]:
    return rgb.permute(0, 3, 1, 2).float() / 127.5 - 1


def kinds(vocabulary: Vocabulary) -> Tensor:
    """The number of the bare noun ("horse") of each noun ("brown horse"), from 1; 0 is nothing."""
    each = [kind(noun) for noun in vocabulary.nouns]
    return torch.tensor([0, *(1 + each.index(one) for one in each)])


def _examined(model: nn.Module, lessons: Lessons, vocabulary: Vocabulary, device: torch.device) -> dict[str, float]:
    right: dict[str, list[float]] = {}
    kind_of = kinds(vocabulary)
    for start in range(0, len(lessons), AT_ONCE):
        part = lessons.taken(slice(start, start + AT_ONCE))
        logits = model(_in_range(part.rgb).to(device))
        seen, color = logits.noun.argmax(1).cpu(), logits.color.argmax(1).cpu()
        truth, dye = part.noun.long(), part.color.long()
        there, dyed = truth > 0, dye != NO_COLOR
        right.setdefault("pixels", []).extend((seen == truth)[there].float().tolist())
        right.setdefault("pixel colors", []).extend((color == dye)[dyed].float().tolist())
        right.setdefault("empty", []).extend((seen == 0)[~there].float()[::97].tolist())
        heard = logits.noun.float().softmax(1).cpu()
        for number in range(len(part)):
            for noun in set(truth[number].flatten().tolist()):
                inside = truth[number] == noun
                if noun and int(inside.sum()) >= 12:
                    said = 1 + int(heard[number, 1:, inside].sum(1).argmax())
                    right.setdefault("things", []).append(said == noun)
                    right.setdefault("kinds", []).append(bool(kind_of[said] == kind_of[noun]))
                    if (dye[number][inside] != NO_COLOR).all():
                        votes = color[number][inside].bincount(minlength=len(vocabulary.colors))
                        right.setdefault("colors", []).append(int(votes.argmax()) == int(dye[number][inside].mode()[0]))
        for name in ("place", "time", "weather"):
            said_so = getattr(logits, name).argmax(1).cpu() == getattr(part, name)
            right.setdefault(name, []).extend(said_so.float().tolist())
    return {name: float(np.mean(values)) for name, values in right.items()}


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
    mixed_up = pictures[kind, torch.arange(b)]
    part = draw_each(0.0, 1.0)
    mixed_up = part * picture + (1 - part) * mixed_up
    gain = 1 + 0.08 * torch.randn((b, 3, 1, 1), generator=rng).clamp(-2, 2) * draw_each(0, 1)
    shift = 0.06 * torch.randn((b, 3, 1, 1), generator=rng).clamp(-2, 2) * draw_each(0, 1)
    noise = torch.randn(picture.shape, generator=rng) * draw_each(0.0, 0.08)
    blotches = F.interpolate(torch.randn((b, 3, 8, 14), generator=rng), picture.shape[-2:], mode="bilinear")
    return (mixed_up * gain + shift + noise + blotches * draw_each(0.0, 0.06)).clamp(-1, 1)


def cut(lessons: Lessons, index: Tensor, rng: torch.Generator) -> Lessons:
    """Squares of ``CUT`` pixels of the maps of some lessons, each around a random pixel of a thing."""
    squares: dict[str, list[Tensor]] = {"rgb": [], "noun": [], "color": []}
    height, width = lessons.noun.shape[1:]
    for i in index.tolist():
        spots = lessons.noun[i].nonzero()
        middle = torch.tensor([height // 2, width // 2])
        spot = spots[int(torch.randint(len(spots), (), generator=rng))] if len(spots) else middle
        jitter = torch.randint(-CUT // 4, CUT // 4 + 1, (2,), generator=rng)
        top, left = (spot + jitter - CUT // 2).tolist()
        top, left = min(max(top, 0), height - CUT), min(max(left, 0), width - CUT)
        for name, parts in squares.items():
            fine = FINE if name == "rgb" else 1
            rows, columns = (slice(fine * at, fine * (at + CUT)) for at in (top, left))
            parts.append(getattr(lessons, name)[i, rows, columns])
    taken = {name: torch.stack(parts) for name, parts in squares.items()}
    rest = {name: getattr(lessons, name)[index] for name in NAMES if name not in taken}
    return Lessons(**taken, **rest)
