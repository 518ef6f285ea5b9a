"""Larger and smoother: a clip of four seconds painted at HD, and one brought to other sizes and rates.

    python benchmarks/upscale.py

Each in a process of its own; prints rows of a Markdown table: wall and processor seconds, peak memory.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

COMMANDS = (
    'generate "a red ball and a blue cube in a meadow" --seed 1 -o a.mp4',
    'generate "a red ball and a blue cube in a meadow" --seed 1 --size 1280x720 -o hd.mp4',
    "upscale a.mp4 --size 720p -o 720p.mp4",
    "upscale a.mp4 --size 1080p -o 1080p.mp4",
    "upscale a.mp4 --size 4k -o 4k.mp4",
    "upscale a.mp4 --fps 24 -o 24.mp4",
    "upscale a.mp4 --fps 30 -o 30.mp4",
    "upscale a.mp4 --fps 60 -o 60.mp4",
    "upscale a.mp4 --size 1080p --fps 60 -o 1080p60.mp4",
)
RUN = """
import json, sys, time
from pathlib import Path
from ozora.cli import main
began = time.perf_counter()
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
took_s, worked_s = time.perf_counter() - began, time.process_time()
print(json.dumps({"wall_s": took_s, "processor_s": worked_s, "peak": int(peak.split()[1]) * 1024}))
"""


def main() -> None:
    print("| command | wall s | processor s | peak memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for command in COMMANDS:
            words = [sys.executable, "-c", RUN, *shlex.split(command), "-q"]
            said = subprocess.run(words, cwd=Path(name), check=True, capture_output=True, text=True).stdout
            figures = json.loads(said.splitlines()[-1])
            took = f"{figures['wall_s']:.1f} | {figures['processor_s']:.1f} | {figures['peak'] / 1e9:.2f} GB"
            print(f"| `{command}` | {took} |", flush=True)


if __name__ == "__main__":
    main()
