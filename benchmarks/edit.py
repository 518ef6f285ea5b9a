"""Edits, measured: the jump at seams of extend, connect and loop, on clips of the stage and on painted ones, and where
the windows of a long clip meet.

    python benchmarks/edit.py [--clips 10] [--fps 12]

Prints rows of a Markdown table. A jump is the change across the seam in medians of the change between frames.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

import ozora
from ozora import edit, pipeline
from ozora.evaluate.prompts import TestPrompt, test_prompts
from ozora.evaluate.report import render
from ozora.evaluate.seams import seam_jump
from ozora.language.vocabulary import FULL
from ozora.media import write_video
from ozora.media.inbetween import fill
from ozora.plan import Composition
from ozora.stage.renderer import Renderer

FPS = Fraction(12)
LONG_S, WINDOWS = 10, (49, 85)
"""Seconds of a long clip, and the first frames of its second and third windows (13 latent frames, 4 of them known)."""


def _paint(composition: Composition, prompt: TestPrompt) -> np.ndarray:
    *_, take = pipeline.run(pipeline.make_plan(prompt.caption.text, composition=composition, seed=prompt.seed))
    assert isinstance(take, pipeline.Take)
    return take.frames


def jumps(source: edit.Source, prompt: TestPrompt) -> dict[str, float]:
    """The jump of each verb on one clip."""
    n, fps = source.shape.frames, source.shape.fps
    extended = _paint(edit.extend(source, after_s=Fraction(2)), prompt)
    before = _paint(edit.extend(source, before_s=Fraction(2)), prompt)
    connected = _paint(edit.connect(source, source, seconds=Fraction(2)), prompt)
    looped = _paint(edit.loop(source, seconds=Fraction(3, 2)), prompt)
    return {
        "extend": seam_jump(extended, [n]),
        "extend backward": seam_jump(before, [round(2 * fps)]),
        "connect": seam_jump(connected, [n, n + round(2 * fps)]),
        "loop": seam_jump(looped, [n, n + round(fps * 3 / 2)]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--fps", type=Fraction, default=FPS, help="of the clips, filled in from 12")
    options = parser.parse_args()
    count, fps = options.clips, options.fps
    renderer, prompts = Renderer(128, 224), test_prompts(FULL, held_out=False, count=count)
    print("| source | verb | median jump | largest | up to 1.3 |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for kind in ("stage", "painted"):
            rows: dict[str, list[float]] = {}
            for prompt in prompts:
                path = Path(name) / f"{kind}-{prompt.seed}.mp4"
                if kind == "stage":
                    frames = np.stack(list(fill(render(prompt, renderer, 49), FPS, fps)))
                    write_video(frames, fps, path)
                else:
                    ozora.generate(prompt.caption.text, seed=prompt.seed, fps=str(fps), output=path)
                    if fps == FPS:
                        longer = ozora.generate(prompt.caption.text, seed=prompt.seed, seconds=LONG_S).frames
                        rows.setdefault("windows", []).append(seam_jump(longer, WINDOWS))
                for verb, jump in jumps(edit.read_source(path), prompt).items():
                    rows.setdefault(verb, []).append(jump)
            for verb, values in rows.items():
                good = sum(value <= 1.3 for value in values)
                figures = f"{statistics.median(values):.2f} | {max(values):.2f} | {good} of {len(values)}"
                print(f"| {kind} | {verb} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
