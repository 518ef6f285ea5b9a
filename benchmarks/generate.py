"""What a clip costs: warm time end to end, cold time to the first progress, time of --help, peak memory. Markdown rows.

python benchmarks/generate.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ozora

PROMPT = "a red ball rolls left past a blue cube at sunset"
SIZES = ("224x128", "448x256")
FIRST_PROGRESS = """
import time, sys
from ozora import pipeline
for event in pipeline.run(pipeline.make_plan(sys.argv[1], seed=1)):
    print("first", flush=True)
    break
"""


def warm_s(size: str, folder: Path) -> float:
    """Median of five clips of four seconds, prompt to file, the model already loaded."""
    ozora.generate(PROMPT, size=size, seed=0, output=folder / "first.mp4")
    took = []
    for seed in range(5):
        began = time.perf_counter()
        ozora.generate(PROMPT, size=size, seed=seed, output=folder / f"{seed}.mp4")
        took.append(time.perf_counter() - began)
    return statistics.median(took)


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
    subprocess.run(
        [*OZORA, "generate", PROMPT, "-o", str(folder / "peak.mp4"), "--quiet"], check=True, capture_output=True
    )
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


OZORA = [sys.executable, "-c", "from ozora.cli import main; main()"]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peak = peak_bytes(folder)
        rows = [(f"4 s clip, warm, prompt to mp4, {size}", f"{warm_s(size, folder):.2f} s") for size in SIZES]
        first = command_s([sys.executable, "-c", FIRST_PROGRESS, PROMPT])
        rows.append(("cold start to first progress", f"{first:.2f} s"))
        rows.append(("ozora --help", f"{command_s([*OZORA, '--help']):.2f} s"))
        rows.append(("peak memory of generate", f"{peak / 1e9:.2f} GB"))
    print("| what | measured |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
