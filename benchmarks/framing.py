"""Whether tall pictures show all that their prompt names: how much of each thing is inside, by the layout.

    python benchmarks/framing.py [--size 720x1280]

Fifty prompts, first seed; of each only the layout is sampled. "cut": the middle of the layout as it came; "framed": as
it is painted. Prints rows of a Markdown table and the prompts of which less than 80 % of something is inside.
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


def worst_inside(layout: FloatArray, statement: Statement, world: Vocabulary, width: float) -> float:
    """How much of a thing, that of which the least is, lies in the middle ``width`` columns of cells."""
    cells = read_cells(layout, world)
    total = cells.share.shape[2]
    edges = np.arange(total + 1)
    left, right = (total - width) / 2, (total + width) / 2
    covered: NDArray[np.float64] = (np.minimum(edges[1:], right) - np.maximum(edges[:-1], left)).clip(0, 1)
    shares = []
    for ref in statement.things:
        columns = np.where(fits(cells, ref), cells.share, 0.0).sum(axis=(0, 1))
        shares.append(float((columns * covered).sum() / columns.sum()) if columns.sum() else 0.0)
    return min(shares, default=1.0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", default="720x1280")
    size = arguments.parse_args().size
    backend = MaquetteBackend()
    backend.load()
    assert backend._bundle is not None and backend._engine is not None
    rows: list[tuple[str, float, float]] = []
    for prompt in PROMPTS:
        plan = pipeline.make_plan(prompt, seed=0, size=size)
        wording, native = backend._wording(plan), backend.native(plan.shape)
        clip = Clip(backend._bundle.model, backend._engine, wording, plan, native, ())
        sampling, begin, canvas = clip.sampling(0, CANDIDATES)
        for state in sampling.states(begin, candidates=CANDIDATES):
            if clip.times[state.step].picture < 1:
                break
            last = state.x
        statement = wording.statement(prompt)
        width = native.width * CELLS * canvas.known.shape[2] / clip.shape.width
        cut, framed = (
            worst_inside(x[: clip.layout].double().numpy(), statement, wording.vocabulary, width)
            for x in (last, state.x)
        )
        rows.append((prompt, cut, framed))
    print("| | all things at least 80 % inside | mean share of the worst thing |\n|---|---|---|")
    _, cuts, framings = zip(*rows, strict=True)
    for name, shares in (("cut", cuts), ("framed", framings)):
        print(f"| {name} | {sum(s >= LEAST for s in shares)} of {len(shares)} | {np.mean(shares):.0%} |")
    for prompt, _, framed in rows:
        if framed < LEAST:
            print(f"{framed:.2f}  {prompt}")


if __name__ == "__main__":
    main()
