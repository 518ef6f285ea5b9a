"""How fast the stage is drawn: frames a second by size and smoothing, four things with their shadows.

    python benchmarks/stage.py

Prints rows of a Markdown table. "drawn" is the renderer alone; "in all" adds the motion of the things. Measure on an
idle machine: a software renderer takes all cores.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from ozora.world.drawing import draw
from ozora.world.renderer import SAMPLES, Renderer
from ozora.world.scene import Motion, Scene, Thing

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to measure each row")
    seconds: float = parser.parse_args().seconds
    print("| size | coverage samples | drawn, frames/s | in all, frames/s |")
    print("|---|---|---|---|")
    for height, width in SIZES:
        for samples in (SAMPLES, 0):
            alone, whole = measure(height, width, samples, seconds)
            print(f"| {width}x{height} | {samples or 'none'} | {alone:.0f} | {whole:.0f} |")


if __name__ == "__main__":
    main()
