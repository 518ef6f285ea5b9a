"""How fast the stage is drawn: frames a second by size and smoothing, four things with their shadows.

    python benchmarks/stage.py

Prints rows of a Markdown table. "drawn" is the renderer alone; "in all" adds the motion of the things; "side by side"
is the sum of one process a core, each with one thread for the rasterizer, as a corpus is rendered. Measure on an idle
machine: a software renderer takes all cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

import numpy as np

from ozora.stage.drawing import draw
from ozora.stage.renderer import SAMPLES, Renderer
from ozora.stage.scene import Motion, Scene, Thing

SIZES = ((128, 224), (128, 128), (256, 256))
FRAMES = 49
SCENE = Scene(
    things=(
        Thing(noun="dog", color="red", x=-1.4, z=0.4, motion=Motion(kind="right")),
        Thing(noun="car", color="blue", x=1.2, z=0.5, motion=Motion(kind="left")),
        Thing(noun="robot", color="yellow", x=0.2, z=-0.3, motion=Motion(kind="jump")),
        Thing(noun="tree", color="green", x=-0.6, z=-0.9),
    ),
    place="meadow",
)


def measure(height: int, width: int, samples: int, seconds: float) -> tuple[float, float]:
    """Frames a second of the renderer alone, and with the drawing before it; the best of all rounds."""
    renderer = Renderer(height, width, samples=samples)
    at = np.arange(FRAMES) / 12
    renderer.render(draw(SCENE, at, width / height))  # compiles the shaders
    rounds: list[tuple[float, float]] = []
    until = time.perf_counter() + seconds
    while len(rounds) < 3 or time.perf_counter() < until:
        began = time.perf_counter()
        drawing = draw(SCENE, at, width / height)
        drawn = time.perf_counter()
        renderer.render(drawing)
        done = time.perf_counter()
        rounds.append((done - drawn, done - began))
    return FRAMES / min(alone for alone, _ in rounds), FRAMES / min(whole for _, whole in rounds)


def side_by_side(height: int, width: int, samples: int, seconds: float) -> float:
    """Frames a second of one process a core, all together: each says its own rate over the same seconds."""
    command = [sys.executable, __file__, "--one", f"{height},{width},{samples}", "--seconds", str(seconds)]
    environment = {**os.environ, "LP_NUM_THREADS": "1"}
    cores = len(os.sched_getaffinity(0))
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    return sum(float(process.communicate()[0]) for process in running)


def sustained(height: int, width: int, samples: int, seconds: float) -> float:
    """Frames a second over ``seconds``, drawing included."""
    renderer = Renderer(height, width, samples=samples)
    at = np.arange(FRAMES) / 12
    renderer.render(draw(SCENE, at, width / height))
    began, rounds = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        renderer.render(draw(SCENE, at, width / height))
        rounds += 1
    return FRAMES * rounds / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to measure each row")
    parser.add_argument("--one", metavar="H,W,SAMPLES", help="only the rate of this process")
    arguments = parser.parse_args()
    seconds: float = arguments.seconds
    if arguments.one:
        height, width, samples = map(int, arguments.one.split(","))
        print(sustained(height, width, samples, seconds))
        return
    print("| size | coverage samples | drawn, frames/s | in all, frames/s | side by side, frames/s |")
    print("|---|---|---|---|---|")
    for height, width in SIZES:
        for samples in (SAMPLES, 0):
            alone, whole = measure(height, width, samples, seconds)
            both = side_by_side(height, width, samples, seconds)
            print(f"| {width}x{height} | {samples or 'none'} | {alone:.0f} | {whole:.0f} | {both:.0f} |", flush=True)


if __name__ == "__main__":
    main()
