"""A whole minute: time and peak memory of 4, 20 and 60 seconds, whether its last windows cost more than its first, and
what drifts.

    python benchmarks/minute.py [--seeds 3] [--plot out/drift.png]

Each length in a process of its own; prints rows of a Markdown table. With --seeds, which needs a trained scene parser,
also the drift of the minute, all seeds together, and draws it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ozora.evaluate.drift import Drift, Moment, measure_drift, plot_drift
from ozora.language.prompt_parser import parse_prompt
from ozora.media import read_video
from ozora.perception.parser import load_parser

PROMPT = "a red cube and a blue ball in a meadow"
RUN = """
import json, sys, time
from pathlib import Path
from typing import Any
from ozora import pipeline
began = time.perf_counter()
plan = pipeline.make_plan(sys.argv[1], seconds=sys.argv[2], seed=int(sys.argv[4]))
ends = []
for event in pipeline.make(plan, Path(sys.argv[3])):
    if isinstance(event, pipeline.Progress) and event.stage == "paint" and event.done % plan.sampler.steps == 0:
        ends.append(time.process_time())
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"wall_s": time.perf_counter() - began, "peak": int(peak.split()[1]) * 1024, "ends_s": ends}))
"""


def grows(ends_s: list[float]) -> float | None:
    """The processor time of a window in the last third by that in the first, without the very first window and the
    shorter last one."""
    costs = [after - before for before, after in itertools.pairwise(ends_s)][:-1]
    third = len(costs) // 3
    return statistics.mean(costs[-third:]) / statistics.mean(costs[:third]) if third else None


def paint(seconds: int, path: Path, seed: int) -> dict[str, Any]:
    """Paint it in a process of its own; what that says of it."""
    command = [sys.executable, "-c", RUN, PROMPT, str(seconds), str(path), str(seed)]
    said: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return said


def together(drifts: list[Drift]) -> Drift:
    """Facts of all clips, light and color in the mean."""
    return Drift(
        moments=tuple(
            Moment(
                start_s=moments[0].start_s,
                holds=sum(moment.holds for moment in moments),
                settled=sum(moment.settled for moment in moments),
                brightness=statistics.mean(moment.brightness for moment in moments),
                contrast=statistics.mean(moment.contrast for moment in moments),
                saturation=statistics.mean(moment.saturation for moment in moments),
            )
            for moments in zip(*(drift.moments for drift in drifts), strict=True)
        )
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--plot", type=Path)
    arguments.add_argument("--seeds", type=int, default=0)
    options = arguments.parse_args()
    plot: Path | None = options.plot
    print("| seconds | wall s | a second | last third by first | peak memory | by that of 4 s |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        path, short = Path(name) / "clip.mp4", 0
        for seconds in (4, 20, 60):
            said = paint(seconds, path, seed=1)
            took, peak, growth = said["wall_s"], said["peak"], grows(said["ends_s"])
            short = short or peak
            flat = "" if growth is None else f"{growth:.2f}"
            memory = f"{peak / 1e9:.2f} GB | {peak / short:.2f}"
            print(f"| {seconds} | {took:.1f} | {took / seconds:.2f} | {flat} | {memory} |", flush=True)
        drifts = []
        for seed in range(1, options.seeds + 1):
            if seed > 1:
                paint(60, path, seed)
            drifts.append(measure_drift(*read_video(path), parse_prompt(PROMPT).statement, load_parser()))
    if not drifts:
        return
    drift = together(drifts)
    print(f"\n{drift.table()}")
    if plot is not None:
        plot_drift(drift, plot)


if __name__ == "__main__":
    main()
