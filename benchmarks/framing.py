"""Whether pictures of other shapes show all that their prompt names: how much of each thing is inside, by the layout.

    python benchmarks/framing.py [--size 720x1280] [--size 1080x1080]

Fifty prompts, first seed; of each only the layout is sampled. "inside" is the share of a thing, that of which the least
is, in the part of the canvas that becomes the picture; a thing that is nowhere counts as 0. Prints rows of a Markdown
table and the prompts of which less than 80 % of something is inside.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from ozora import pipeline
from ozora.backends.clip import CANDIDATES, Clip
from ozora.backends.maquette import MaquetteBackend
from ozora.language.facts import Statement
from ozora.language.layout import CELLS, FloatArray, read_cells
from ozora.language.layout_score import fits
from ozora.language.vocabulary import Vocabulary
from samples import FIRST, FORTY

PROMPTS = (*FORTY, *FIRST, "a lion to the left of a woman in a blue dress", "two horses next to a barn at sunset")
LEAST = 0.8


def worst_inside(layout: FloatArray, statement: Statement, world: Vocabulary, height: float, width: float) -> float:
    """How much of a thing, that of which the least is, lies in the middle ``height`` rows and ``width`` columns."""
    cells = read_cells(layout, world)
    _, rows, columns = cells.share.shape
    window = np.outer(covered(rows, height), covered(columns, width))
    seen = [np.where(fits(cells, ref), cells.share, 0.0) for ref in statement.things]
    return min((float((share * window).sum() / share.sum()) if share.any() else 0.0 for share in seen), default=1.0)


def covered(total: int, middle: float) -> NDArray[np.float64]:
    """How much of each of ``total`` cells lies in the ``middle`` ones."""
    edges = np.arange(total + 1)
    first, last = (total - middle) / 2, (total + middle) / 2
    inside: NDArray[np.float64] = (np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)).clip(0, 1)
    return inside


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", action="append")
    backend = MaquetteBackend()
    backend.load()
    print("| size | all things at least 80 % inside | mean share of the worst thing |\n|---|---|---|")
    missed: list[str] = []
    for size in arguments.parse_args().size or ["720x1280"]:
        shares = [inside(backend, prompt, size) for prompt in PROMPTS]
        print(f"| {size} | {sum(share >= LEAST for share in shares)} of {len(shares)} | {np.mean(shares):.0%} |")
        missed += [f"{size} {share:.2f}  {p}" for p, share in zip(PROMPTS, shares, strict=True) if share < LEAST]
    print("\n".join(missed))


def inside(backend: MaquetteBackend, prompt: str, size: str) -> float:
    """The share of the worst thing of a prompt that a picture of a size shows."""
    assert backend._bundle is not None and backend._engine is not None
    plan = pipeline.make_plan(prompt, seed=0, size=size)
    wording, native = backend._wording(plan), backend.native(plan.shape)
    clip = Clip(backend._bundle.model, backend._engine, wording, plan, native, ())
    sampling, begin, canvas = clip.sampling(0, CANDIDATES)
    for state in sampling.states(begin, candidates=CANDIDATES):
        if clip.tasks[0].times[state.step].picture < 1:
            break
    _, rows, columns = canvas.known.shape
    height, width = native.height / clip.shape.height, native.width / clip.shape.width
    layout = state.x[: clip.layout].double().numpy()
    statement = wording.statement(prompt)
    return worst_inside(layout, statement, wording.vocabulary, height * rows * CELLS, width * columns * CELLS)


if __name__ == "__main__":
    main()
