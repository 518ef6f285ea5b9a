"""What a clip costs and how sharp it is, at each quality, and what an idle machine needs for the rest. Markdown tables.

    python benchmarks/generate.py [--clips 6]

Seconds are medians, warm, from prompt to file; the plain engine is measured in turn with the fast one, so that the
ratio holds whatever else the machine does. "layouts" is the share of facts that the layouts show, and of layouts that
show all of them; "sharpness" the root of the mean squared gradient of luminance (of 255); "flicker" the mean second
difference in time where a pixel hardly changes.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ozora
from ozora import pipeline
from ozora.backends import BACKENDS
from ozora.backends.maquette import MaquetteBackend

PROMPTS = (
    "a woman in a red dress walks to the right in the desert by day",
    "a brown horse walks to the left past a stone house in a meadow at sunset",
    "a yellow car drives to the right on a city street at night",
    "a red ball to the left of a blue cube in a meadow by day",
    "a gray wolf runs to the left in the snow by day",
    "a soldier in blue to the right of a castle in the desert at sunset",
)
STILL = 2.0
"""Gray levels by which a pixel changes that hardly changes."""
FIRST_PROGRESS = """
import time, sys
from ozora import pipeline
for event in pipeline.run(pipeline.make_plan(sys.argv[1], seed=1)):
    print("first", flush=True)
    break
"""
OZORA = [sys.executable, "-c", "from ozora.cli import main; main()"]


def engine(kind: str) -> MaquetteBackend:
    """The embedded model on an engine of this kind, loaded."""
    from ozora.model.fast_engine import make_engine
    from ozora.model.weights import SHIPPED, load_bundle

    backend = MaquetteBackend()
    backend._bundle = load_bundle(SHIPPED / "maquette.safetensors")
    backend._engine = make_engine(backend._bundle, kind)
    return backend


def paint(
    backend: MaquetteBackend, prompt: str, quality: str, folder: Path, seed: int
) -> tuple[float, NDArray[np.uint8]]:
    """Seconds from prompt to file, and the frames."""
    BACKENDS["maquette"] = backend
    began = time.perf_counter()
    take = ozora.generate(prompt, seed=seed, quality=quality, output=folder / "clip.mp4")
    return time.perf_counter() - began, take.frames


def sharpness(frames: NDArray[np.uint8]) -> float:
    gray = frames.mean(axis=3)
    down, right = np.diff(gray, axis=1)[:, :, :-1], np.diff(gray, axis=2)[:, :-1]
    return float(np.sqrt((down**2 + right**2).mean()))


def flicker(frames: NDArray[np.uint8]) -> float:
    gray = frames.mean(axis=3)
    second = np.abs(gray[2:] - 2 * gray[1:-1] + gray[:-2])
    still = np.abs(gray[2:] - gray[:-2]) < STILL
    return float(second[still].mean())


def layout_scores(backend: MaquetteBackend, prompt: str, quality: str, seed: int) -> float:
    """The share of a prompt's facts that its layout shows."""
    from ozora.backends.clip import CANDIDATES, Clip
    from ozora.language.layout import read_cells
    from ozora.language.layout_score import share_shown

    plan = pipeline.make_plan(prompt, seed=seed, quality=quality)
    assert backend._bundle is not None and backend._engine is not None
    wording = backend._wording(plan)
    clip = Clip(backend._bundle.model, backend._engine, wording, plan, backend.native(plan.shape), ())
    candidates = CANDIDATES if plan.sampler.steps > 6 else 1
    sampling, begin, _ = clip.sampling(0, candidates)
    for state in sampling.states(begin, candidates=candidates):
        if clip.tasks[0].times[state.step].picture < 1:
            break
    cells = read_cells(state.x[: clip.layout].double().numpy(), wording.vocabulary)
    return share_shown(cells, wording.statement(prompt))


def first_preview_s(backend: MaquetteBackend, prompt: str) -> float:
    """Seconds to the first picture that is shown, warm."""
    BACKENDS["maquette"] = backend
    began = time.perf_counter()
    for event in pipeline.run(pipeline.make_plan(prompt, seed=1), preview=True):
        if isinstance(event, pipeline.Progress) and event.preview is not None:
            break
    return time.perf_counter() - began


def command_s(command: list[str], runs: int = 5) -> float:
    """Median wall time of a command."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def peak_bytes(folder: Path) -> int:
    """Peak resident memory of one `ozora generate` in a process of its own."""
    command = [*OZORA, "generate", PROMPTS[0], "-o", str(folder / "peak.mp4"), "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clips", type=int, default=len(PROMPTS))
    prompts = PROMPTS[: arguments.parse_args().clips]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peak = peak_bytes(folder)
        first = command_s([sys.executable, "-c", FIRST_PROGRESS, PROMPTS[0]])
        listing = command_s([*OZORA, "--help"])
        fast, plain = engine("auto"), engine("plain")
        for backend in (fast, plain):
            paint(backend, PROMPTS[0], "draft", folder, 0)
        assert fast._engine is not None
        print(f"| quality | {fast._engine.name}, s | plain, s | ratio | layouts | sharpness | flicker |")
        print("|---|---|---|---|---|---|---|")
        for quality in ("draft", "default", "best"):
            rows = [(paint(fast, p, quality, folder, 1), paint(plain, p, quality, folder, 1)[0]) for p in prompts]
            took, slow = (statistics.median(part) for part in ([r[0][0] for r in rows], [r[1] for r in rows]))
            scores = [layout_scores(fast, prompt, quality, 1) for prompt in prompts]
            sharp, unrest = (statistics.mean(f(r[0][1]) for r in rows) for f in (sharpness, flicker))
            shown = f"{statistics.mean(scores):.0%}, {sum(s == 1 for s in scores)} of {len(scores)}"
            print(f"| {quality} | {took:.2f} | {slow:.2f} | {took / slow:.2f} | {shown} | {sharp:.2f} | {unrest:.2f} |")
        preview = statistics.median(first_preview_s(fast, prompt) for prompt in prompts)
    print("\n| what | measured |\n|---|---|")
    print(f"| first preview, warm | {preview:.2f} s |")
    print(f"| cold start to first progress | {first:.2f} s |")
    print(f"| ozora --help | {listing:.2f} s |")
    print(f"| peak memory of generate | {peak / 1e9:.2f} GB |")


if __name__ == "__main__":
    main()
