"""A whole minute: time and peak memory of 4, 20 and 60 seconds, and what drifts.

    python benchmarks/minute.py

Each length in a process of its own; prints rows of a Markdown table, then the drift of the minute.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from ozora.evaluate.drift import measure_drift
from ozora.evaluate.parser import load_parser
from ozora.media import read_video
from ozora.world.reading import read

PROMPT = "a red cube and a blue ball in a meadow"
RUN = """
import sys, time
from pathlib import Path
from ozora import pipeline
began = time.perf_counter()
plan = pipeline.make_plan(sys.argv[1], seconds=sys.argv[2], seed=1)
*_, record = pipeline.make(plan, Path(sys.argv[3]))
took = time.perf_counter() - began
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(took, int(peak.split()[1]) * 1024)
"""


def main() -> None:
    print("| seconds | wall s | a second | peak memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "clip.mp4"
        for seconds in (4, 20, 60):
            command = [sys.executable, "-c", RUN, PROMPT, str(seconds), str(path)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            took, peak = (float(word) for word in said.split())
            print(f"| {seconds} | {took:.1f} | {took / seconds:.2f} | {peak / 1e9:.2f} GB |", flush=True)
        frames, fps = read_video(path)
    print(f"\n{measure_drift(frames, fps, read(PROMPT).statement, load_parser()).table()}")


if __name__ == "__main__":
    main()
