"""Reports: how many of the facts that prompts state hold in the clips that a model makes of them.

Beside each figure stands what the checker itself scores on true renders of the same prompts, how many false statements
about them it rejects, and, where an autoencoder is given, what is left after its compression. Intervals are Wilson's
(1927) at 95 %.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ozora import pipeline
from ozora.backends.canvases import to_frames
from ozora.errors import MediaError, RendererError
from ozora.evaluate.prompts import TestPrompt, test_prompts
from ozora.language.cast import CAST, kind
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import Vocabulary
from ozora.media import write_text
from ozora.model.autoencoder import Autoencoder
from ozora.perception.check import RATE
from ozora.perception.parser import HEIGHT, WIDTH, Parser, load_parser
from ozora.perception.tracking import parse_clip
from ozora.perception.verifiers import Verdict, category, verify
from ozora.shapes import VideoShape
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer

Frames = NDArray[np.uint8]
Make = Callable[[str, int], Frames]
"""A model: frames [f, h, w, 3] from a prompt and a seed."""
Reconstruct = Callable[[Frames], Frames]
Z = 1.96
OPPOSITE = {
    **{"left": "right", "right": "left", "toward": "away", "away": "toward", "front": "behind", "behind": "front"},
    **{"stand": "left", "jump": "stand", "bounce": "stand", "spin": "left", "fall": "rise", "rise": "fall"},
}
CATEGORIES = (
    "color and noun",
    "count",
    "direction",
    "other motion",
    "left or right",
    "other relation",
    "place",
    "time",
    "weather",
    "camera",
    "event",
)
WHOLE = "whole prompt"
RECOGNITION = 9
"""The seed of the prompts that tell what the verifiers recognise; others than those of reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many facts hold of those that could be settled, and how many could not."""

    holds: int = 0
    counted: int = 0
    unsettled: int = 0

    @property
    def share(self) -> float:
        return self.holds / self.counted if self.counted else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.holds, self.counted)

    def to_dict(self) -> dict[str, Any]:
        low, high = self.interval
        return {"holds": self.holds, "counted": self.counted, "unsettled": self.unsettled, "low": low, "high": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A fact of a prompt that does not hold in the clip made with ``seed``."""

    prompt: str
    seed: int
    fact: Fact

    def to_dict(self) -> dict[str, Any]:
        return {"prompt": self.prompt, "seed": self.seed, "kind": self.fact.kind, "value": self.fact.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Tallies by category; ``WHOLE`` counts prompts all of whose settled facts hold. ``missed`` are those that do not,
    where they are asked for."""

    tallies: dict[str, Tally]
    missed: tuple[Miss, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        missed = {"missed": [miss.to_dict() for miss in self.missed]} if self.missed else {}
        return {name: tally.to_dict() for name, tally in self.tallies.items()} | missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A model's score on one set of prompts beside the checker's own: on true renders, on false statements about them
    (how many it rejects), and on what an autoencoder makes of them; ``None`` where that was not measured."""

    model: Score
    renders: Score | None = None
    rejects: Score | None = None
    autoencoder: Score | None = None

    def to_dict(self) -> dict[str, Any]:
        parts = {name: getattr(self, name) for name in COLUMNS}
        return {name: part.to_dict() for name, part in parts.items() if part is not None}


COLUMNS = {"model": "model", "renders": "true renders", "rejects": "false ones rejected", "autoencoder": "autoencoder"}


def wilson(holds: int, counted: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) when nothing was counted."""
    if not counted:
        return 0.0, 1.0
    p = holds / counted
    middle = p + Z * Z / (2 * counted)
    half = Z * float(np.sqrt(p * (1 - p) / counted + Z * Z / (4 * counted * counted)))
    return max(0.0, (middle - half) / (1 + Z * Z / counted)), min(1.0, (middle + half) / (1 + Z * Z / counted))


def _another(ref: Ref, things: tuple[Ref, ...], vocabulary: Vocabulary) -> Ref:
    """The thing in a color, or for every second color as a noun, that the statement does not name."""
    if not ref.color or vocabulary.colors.index(ref.color) % 2:
        named = {kind(other.noun) for other in things}
        nouns = [noun for noun in vocabulary.nouns if kind(noun) not in named]
        return replace(ref, noun=nouns[(len(ref.noun) + len(ref.color)) % len(nouns)])
    colors = [color for color in vocabulary.colors if all(other.color != color for other in things)]
    return replace(ref, color=colors[(len(ref.noun) + len(ref.color)) % len(colors)])


def contrary(fact: Fact, statement: Statement, vocabulary: Vocabulary) -> Statement | None:
    """A statement of one fact that is false where ``fact`` is true; ``None`` when there is no sure one."""
    things = list(statement.things)
    value = fact.value
    if fact.kind == "exists":
        number = fact.subject or 0
        things[number] = _another(things[number], statement.things, vocabulary)
    elif fact.kind in ("place", "time"):
        options = vocabulary.places if fact.kind == "place" else vocabulary.times
        value = options[(options.index(value) + 1) % len(options)]
    elif value in OPPOSITE:
        value = OPPOSITE[value]
    else:
        return None
    return Statement(things=tuple(things), facts=(replace(fact, value=value),))


def tally(judged: Iterable[tuple[str, bool | None]]) -> dict[str, Tally]:
    """Tallies by name, in the order of the table."""
    counts: dict[str, Tally] = {}
    for name, holds in judged:
        old = counts.get(name, Tally())
        counts[name] = Tally(
            holds=old.holds + (holds is True),
            counted=old.counted + (holds is not None),
            unsettled=old.unsettled + (holds is None),
        )
    order = (*CATEGORIES, *(name for name in counts if name not in CATEGORIES))
    return {name: counts[name] for name in order if name in counts}


def _judge(statement: Statement, verdicts: Sequence[Verdict]) -> list[tuple[str, bool | None]]:
    settled = [verdict.holds for verdict in verdicts if verdict.holds is not None]
    judged: list[tuple[str, bool | None]] = [(category(v.fact, statement), v.holds) for v in verdicts]
    return [*judged, (WHOLE, all(settled) if settled else None)]


def score(make: Make, prompts: Iterable[TestPrompt], parser: Parser, *, every: int = 1) -> Score:
    """A model's score: one clip a prompt, made with the prompt's own seed, of which each ``every``-th frame is read."""
    judged: list[tuple[str, bool | None]] = []
    missed: list[Miss] = []
    for prompt in prompts:
        text, seed, statement = prompt.caption.text, prompt.seed, prompt.caption.statement
        verdicts = verify(statement, parse_clip(parser, make(text, seed)[::every]))
        judged += _judge(statement, verdicts)
        missed += [Miss(prompt=text, seed=seed, fact=v.fact) for v in verdicts if v.holds is False]
    return Score(tallies=tally(judged), missed=tuple(missed))


def render(prompt: TestPrompt, renderer: Renderer, num_frames: int) -> Frames:
    """The true clip of a prompt."""
    times = np.linspace(0.0, prompt.scene.duration_s, num_frames)
    return renderer.render(draw(prompt.scene, times, renderer.width / renderer.height)).rgb


def recognised(parser: Parser, prompts: int) -> dict[str, float]:
    """Which share of true facts the verifiers recognise with a parser, by category, on renders of ``prompts`` prompts
    (``prompt_sets``) at the rate at which the check after painting looks."""
    renderer, judged = Renderer(HEIGHT, WIDTH), []
    for some in prompt_sets(parser.vocabulary, prompts, seed=RECOGNITION).values():
        for prompt in some:
            frames = render(prompt, renderer, round(RATE * prompt.scene.duration_s) + 1)
            statement = prompt.caption.statement
            judged += _judge(statement, verify(statement, parse_clip(parser, frames)))
    return {name: round(one.share, 3) for name, one in tally(judged).items() if one.counted}


def _rejected(prompt: TestPrompt, frames: Frames, parser: Parser) -> list[tuple[str, bool | None]]:
    """For each fact, whether its contrary is rejected."""
    parsed = parse_clip(parser, frames)
    judged: list[tuple[str, bool | None]] = []
    for fact in prompt.caption.statement.facts:
        false = contrary(fact, prompt.caption.statement, parser.vocabulary)
        if false is not None:
            (verdict,) = verify(false, parsed)
            judged.append((category(fact, false), None if verdict.holds is None else not verdict.holds))
    return judged


def compare(
    make: Make,
    prompts: tuple[TestPrompt, ...],
    parser: Parser,
    shape: VideoShape,
    *,
    reconstruct: Reconstruct | None = None,
    console: Console | None = None,
) -> Comparison:
    """A model beside the checker's own figures; without OpenGL, or the pack of the cast, the model alone."""
    console = console or Console(stderr=True)

    def watched(task: str) -> Iterable[TestPrompt]:
        return track(prompts, task, console=console, transient=True)

    every = max(round(shape.fps / RATE), 1)  # as the check after painting
    model = score(make, watched("clips of the model"), parser, every=every)
    try:
        renderer = Renderer(shape.height, shape.width)
        for prompt in prompts:
            render(prompt, renderer, 1)  # the cast needs its pack
    except (RendererError, MediaError) as error:
        console.print(f"the checker's own figures are left out: {error}", markup=False)
        return Comparison(model=model)
    true: list[tuple[str, bool | None]] = []
    rejected: list[tuple[str, bool | None]] = []
    rebuilt: list[tuple[str, bool | None]] = []
    for prompt in watched("true renders"):
        frames = render(prompt, renderer, shape.frames)
        statement = prompt.caption.statement
        true += _judge(statement, verify(statement, parse_clip(parser, frames[::every])))
        rejected += _rejected(prompt, frames[::every], parser)
        if reconstruct is not None:
            rebuilt += _judge(statement, verify(statement, parse_clip(parser, reconstruct(frames)[::every])))
    return Comparison(
        model=model,
        renders=Score(tallies=tally(true)),
        rejects=Score(tallies=tally(rejected)),
        autoencoder=Score(tallies=tally(rebuilt)) if reconstruct is not None else None,
    )


def _cell(score: Score | None, name: str) -> str:
    if score is None or name not in score.tallies:
        return ""
    one = score.tallies[name]
    if not one.counted:
        return f"not verified ({one.unsettled})"
    low, high = one.interval
    return f"{one.share:.1%} [{low:.0%} - {high:.0%}] of {one.counted}"


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """The table's rows: the category, then a cell a column that was measured."""
    return [(name, *(_cell(getattr(comparison, c), name) for c in COLUMNS)) for name in comparison.model.tallies]


def markdown(comparisons: dict[str, Comparison]) -> str:
    """All comparisons by title as Markdown tables."""
    parts = []
    for title, comparison in comparisons.items():
        head = ["facts that hold", *COLUMNS.values()]
        lines = [head, ["---"] * len(head), *rows(comparison)]
        parts.append(f"**{title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts) + "\n"


def show(comparisons: dict[str, Comparison], console: Console) -> None:
    """Print the tables."""
    for title, comparison in comparisons.items():
        table = Table("facts that hold", *COLUMNS.values(), title=title)
        for row in rows(comparison):
            table.add_row(*row)
        console.print(table)


def through(autoencoder: Autoencoder) -> Reconstruct:
    """What an autoencoder makes of a clip [f, h, w, 3] whose sides it can divide."""

    @torch.inference_mode()
    def reconstruct(frames: Frames) -> Frames:
        video = torch.from_numpy(frames).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
        return to_frames(autoencoder.decode(autoencoder.encode(video))[0].permute(1, 2, 3, 0).contiguous())

    return reconstruct


def paint(text: str, seed: int, *, model: str, quality: str = "default", size: str | None = None) -> Frames:
    """One clip by the pipeline."""
    *_, take = pipeline.run(pipeline.make_plan(text, model=model, seed=seed, quality=quality, size=size))
    assert isinstance(take, pipeline.Take)
    return take.frames


def prompt_sets(vocabulary: Vocabulary, prompts: int, *, seed: int = 0) -> dict[str, tuple[TestPrompt, ...]]:
    """``prompts`` prompts by what they are of: toys and the cast apart (where the vocabulary has both), and with and
    without a pair that training never showed."""
    nouns = {
        "toys": tuple(noun for noun in vocabulary.nouns if noun not in CAST),
        "cast": tuple(noun for noun in vocabulary.nouns if noun in CAST),
    }
    worlds = {name: replace(vocabulary, nouns=some) for name, some in nouns.items() if some}
    share = prompts // (2 * len(worlds))
    counts = {False: prompts // len(worlds) - share, True: share}
    return {
        f"{name}, {'held-out pairs' if held_out else 'in distribution'}": test_prompts(
            world, held_out=held_out, count=count, seed=seed
        )
        for name, world in worlds.items()
        for held_out, count in counts.items()
        if count
    }


def evaluate_model(
    out: Path,
    *,
    model: str,
    prompts: int,
    quality: str = "default",
    size: str | None = None,
    reconstruct: Reconstruct | None = None,
    parser: Parser | None = None,
) -> None:
    """Measure ``model`` at ``size`` (default: its own) and ``quality`` on ``prompts`` prompts (``prompt_sets``); prints
    tables and writes them to ``out`` as report.json and report.md, after each set what there is."""
    parser = load_parser() if parser is None else parser
    console = Console()
    shape = pipeline.make_plan("a red ball", model=model, size=size).shape
    about = {"model": model, "quality": quality, "shape": shape.to_dict(), "parser": parser.card}
    comparisons: dict[str, Comparison] = {}
    for title, some in prompt_sets(parser.vocabulary, prompts).items():
        comparisons[title] = compare(
            lambda text, seed: paint(text, seed, model=model, quality=quality, size=size),
            some,
            parser,
            shape,
            reconstruct=reconstruct,
        )
        results = {name: comparison.to_dict() for name, comparison in comparisons.items()}
        write_text(out / "report.json", json.dumps({**about, "scores": results}, indent=2) + "\n")
        write_text(out / "report.md", f"# Facts kept by {model} at {quality}\n\n{markdown(comparisons)}")
    show(comparisons, console)
