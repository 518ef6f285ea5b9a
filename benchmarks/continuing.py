"""Whether what moves goes on moving: clips of the stage, extended, beside how the stage itself goes on.

    python benchmarks/continuing.py [--clips 24] [--weights FILE]

Of prompts in which something moves in a direction, four seconds are drawn and two painted behind them. Prints rows of a
Markdown table: after how many seconds, in how many clips the thing is in the picture where it should be or out of it
where it should be out, how far it is from its true place (median, in widths of the picture), and how its area is to the
true one (median).
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from ozora import edit, pipeline
from ozora.backends import BACKENDS
from ozora.backends.maquette import MaquetteBackend
from ozora.evaluate.prompts import TestPrompt, test_prompts
from ozora.media import write_video
from ozora.model.weights import SHIPPED
from ozora.perception.parser import Parser, load_parser
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer

FPS, GIVEN, NEW = 12, 49, 24
WAYS = ("left", "right", "toward", "away")
LAGS = (1, 3, 6, 12, 24)
LEAST = 12
"""Pixels of the parser's picture: less of a thing is none."""
SEED = 77


def find_movers(parser: Parser, count: int) -> list[TestPrompt]:
    """Prompts in which one thing moves somewhere, and nothing else has its color."""
    prompts = test_prompts(parser.vocabulary, held_out=False, count=8 * count, seed=SEED)
    return [prompt for prompt in prompts if _mover(prompt)][:count]


def _mover(prompt: TestPrompt) -> str:
    """The color of the thing that moves; "" if there is none that is known by it."""
    movers = [thing for thing in prompt.scene.things if thing.motion.kind in WAYS]
    same = [thing for thing in prompt.scene.things if movers and thing.color == movers[0].color]
    return movers[0].color if len(movers) == len(same) == 1 else ""


def places(parser: Parser, frames: np.ndarray, color: str) -> np.ndarray:
    """For each frame the middle of what has this color, across and down, and its area; NaN where it is not [f, 3]."""
    number = parser.vocabulary.colors.index(color)
    mask = np.concatenate([(maps.noun > 0) & (maps.color == number) for maps in parser.read(frames)])
    found = np.full((len(mask), 3), np.nan)
    for number, seen in enumerate(mask):
        if seen.sum() >= LEAST:
            rows, columns = np.nonzero(seen)
            found[number] = columns.mean() / seen.shape[1], rows.mean() / seen.shape[1], seen.mean()
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clips", type=int, default=24)
    options.add_argument("--weights", type=Path, default=SHIPPED / "maquette.safetensors")
    chosen = options.parse_args()
    BACKENDS["maquette"] = MaquetteBackend(chosen.weights)
    parser, renderer = load_parser(), Renderer(128, 224)
    painted, true = [], []
    with tempfile.TemporaryDirectory() as name:
        for prompt in find_movers(parser, chosen.clips):
            times = np.arange(GIVEN + NEW) / FPS
            frames = renderer.render(draw(prompt.scene, times, renderer.width / renderer.height)).rgb
            path = Path(name) / "a.mp4"
            write_video(frames[:GIVEN], Fraction(FPS), path)
            composition = edit.extend(edit.read_source(path), after_s=Fraction(NEW, FPS))
            *_, take = pipeline.run(pipeline.make_plan(prompt.caption.text, composition=composition, seed=prompt.seed))
            assert isinstance(take, pipeline.Take)
            painted.append(places(parser, take.frames[GIVEN:], _mover(prompt)))
            true.append(places(parser, frames[GIVEN:], _mover(prompt)))
    print(f"{len(true)} clips\n\n| after | in or out as it should | off by | area |\n|---|---|---|---|")
    for lag in LAGS:
        seen, wanted = (np.stack(clips)[:, lag - 1] for clips in (painted, true))
        both = np.isfinite(seen[:, 0]) & np.isfinite(wanted[:, 0])
        right = int((np.isfinite(seen[:, 0]) == np.isfinite(wanted[:, 0])).sum())
        away = np.median(np.linalg.norm(seen[both, :2] - wanted[both, :2], axis=1))
        area = np.median(seen[both, 2] / wanted[both, 2])
        print(f"| {lag / FPS:.2f} s | {right} of {len(true)} | {away:.3f} | {area:.2f} |")


if __name__ == "__main__":
    main()
