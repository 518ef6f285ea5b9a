"""The loss curve of a phase, as a picture beside its checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of ``log.jsonl``; a cut-off last line is left out."""
    lines = []
    for text in (folder / "log.jsonl").read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def plot_curve(folder: Path) -> Path | None:
    """Draw ``loss.png``; ``None`` where matplotlib is not installed or there is nothing to draw."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    lines = [line for line in read_log(folder) if "loss" in line]
    if len(lines) < 2:
        return None
    steps, loss = np.array([[line["step"], line["loss"]] for line in lines]).T
    width = max(1, len(loss) // 40)
    smooth = np.convolve(loss, np.ones(width) / width, mode="valid")
    figure = Figure(figsize=(6, 3.2), dpi=120, layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="loss", yscale="log", title=folder.name)
    axes.plot(steps, loss, color="#b8c4d6", linewidth=0.8)
    axes.plot(steps[width - 1 :], smooth, color="#2f5fae", linewidth=1.6)
    axes.grid(alpha=0.3)
    path = folder / "loss.png"
    figure.savefig(path)
    return path
