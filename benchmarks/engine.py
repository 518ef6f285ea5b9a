"""The engines of this machine side by side: an evaluation of the denoiser, decoding, errors; one Markdown table.

    python benchmarks/engine.py [--weights FILE] [--rounds 9] [--frames 13] [--rows 8] [--columns 14]

Rounds are interleaved and medians are compared, because the clock of a machine wanders: compare the ratios of one run,
not milliseconds of two. Errors are against the golden values of the tests: of the denoiser the root mean square over
the deviation, of the decoder in decibels. Half a minute on two idle cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.model.engine_cases import golden_decibels, golden_error  # noqa: E402

from ozora.model.engine import Engine  # noqa: E402
from ozora.model.fast_engine import make_engine  # noqa: E402
from ozora.model.text import tokenize  # noqa: E402
from ozora.model.transformer import positions  # noqa: E402
from ozora.model.weights import SHIPPED, Bundle, load_bundle  # noqa: E402

KINDS = ("plain", "bf16", "int8")
PROMPT = "a brown horse walks to the left past a stone house in a meadow at sunset"

Work = Callable[[], object]


def make_works(engine: Engine, bundle: Bundle, frames: int, rows: int, columns: int) -> dict[str, Work]:
    """What is timed of an engine, by name."""
    sizes, generator = bundle.model.config, torch.Generator().manual_seed(0)
    place = positions(frames, rows, columns, seconds_a_frame=1 / 3)
    words = tokenize([PROMPT], sizes.text)
    predict = engine.prepare(words, place)
    x_t = torch.randn(len(place), sizes.transformer.layout + sizes.transformer.channels, generator=generator)
    t, layout_t, known = torch.full((frames,), 0.5), torch.tensor(0.0), torch.zeros(len(place))
    latent = torch.randn(sizes.autoencoder.channels, frames, rows, columns, generator=generator)
    return {
        "prepare": lambda: engine.prepare(words, place),
        "evaluation": lambda: predict(x_t, t, layout_t, known),
        "decoding": lambda: engine.decode(latent, 0, frames),
    }


def time_interleaved(works: list[Work], rounds: int) -> list[float]:
    """Median milliseconds of each, taking turns; the first round is not counted."""
    times: list[list[float]] = [[] for _ in works]
    for round_number in range(rounds + 1):
        for own, work in zip(times, works, strict=True):
            start = time.perf_counter()
            work()
            if round_number:
                own.append(1e3 * (time.perf_counter() - start))
    return [median(own) for own in times]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--weights", type=Path, default=SHIPPED / "maquette.safetensors")
    arguments.add_argument("--rounds", type=int, default=9)
    for name, value in (("frames", 13), ("rows", 8), ("columns", 14)):
        arguments.add_argument(f"--{name}", type=int, default=value)
    options = arguments.parse_args()
    bundle = load_bundle(options.weights)
    engines, seconds = [], []
    for kind in KINDS:
        start = time.perf_counter()
        engines.append(make_engine(bundle, kind))
        seconds.append(time.perf_counter() - start)
    size = options.frames, options.rows, options.columns
    works = [make_works(engine, bundle, *size) for engine in engines]
    times = {name: time_interleaved([own[name] for own in works], options.rounds) for name in works[0]}
    print(f"{' x '.join(map(str, size))} tokens, {torch.get_num_threads()} threads, PyTorch {torch.__version__}\n")
    print("| engine | made in s | prepare ms | evaluation ms | ratio | decoding ms | ratio | error | decibels |")
    print("|---|---|---|---|---|---|---|---|---|")
    for number, engine in enumerate(engines):
        prepare, evaluation, decoding = (times[name][number] for name in ("prepare", "evaluation", "decoding"))
        ratios = evaluation / times["evaluation"][0], decoding / times["decoding"][0]
        print(
            f"| {engine.name} | {seconds[number]:.2f} | {prepare:.0f} | {evaluation:.0f} | {ratios[0]:.2f} |"
            f" {decoding:.0f} | {ratios[1]:.2f} | {golden_error(engine):.4f} | {golden_decibels(engine):.1f} |"
        )


if __name__ == "__main__":
    main()
