"""Drift: what becomes of a long clip. Facts are scored again every few seconds; light and color are watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import UserError
from ozora.language.facts import Statement
from ozora.perception.check import RATE
from ozora.perception.parser import Parser
from ozora.perception.tracking import parse_clip
from ozora.perception.verifiers import verify

STANDING = ("exists", "place", "time", "weather")
"""Facts that can hold all the time; who moves left has left the picture at some time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The seconds from ``start_s`` on: standing facts that hold of those that could be settled, and means over pixels
    of 0 to 1."""

    start_s: float
    holds: int
    settled: int
    brightness: float
    contrast: float
    saturation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """All moments of a clip, and the slopes of light and color in shares of 1 a minute."""

    moments: tuple[Moment, ...]

    def slope(self, name: str) -> float:
        """The change of "brightness", "contrast" or "saturation" in a minute: a line through all moments."""
        if len(self.moments) < 2:
            return 0.0
        minutes = np.array([moment.start_s for moment in self.moments]) / 60
        values = np.array([getattr(moment, name) for moment in self.moments])
        return float(np.polyfit(minutes, values, 1)[0])

    def table(self) -> str:
        """Markdown: a row a moment, and below it the slopes."""
        lines = ["| from second | facts that hold | brightness | contrast | saturation |", "|---|---|---|---|---|"]
        for moment in self.moments:
            light = f"{moment.brightness:.3f} | {moment.contrast:.3f} | {moment.saturation:.3f}"
            lines.append(f"| {moment.start_s:g} | {moment.holds} of {moment.settled} | {light} |")
        slopes = " | ".join(f"{self.slope(name):+.3f}" for name in ("brightness", "contrast", "saturation"))
        return "\n".join([*lines, f"| a minute | | {slopes} |"])


def measure_drift(
    frames: NDArray[np.uint8], fps: Fraction, statement: Statement, parser: Parser, *, every_s: int = 5
) -> Drift:
    """The drift of a clip [f, h, w, 3] of which ``statement`` is to hold; ``UserError`` when it is too short."""
    size = round(every_s * fps)
    if len(frames) < size:
        raise UserError(f"the clip is shorter than {every_s} seconds; there is no drift to measure")
    facts = tuple(fact for fact in statement.facts if fact.kind in STANDING)
    standing = Statement(things=statement.things, facts=facts)
    starts = range(0, len(frames) - size + 1, size)
    return Drift(moments=tuple(_moment(frames[a : a + size], a / float(fps), fps, standing, parser) for a in starts))


def _moment(piece: NDArray[np.uint8], start_s: float, fps: Fraction, standing: Statement, parser: Parser) -> Moment:
    step = max(1, round(fps / RATE))
    verdicts = [verdict.holds for verdict in verify(standing, parse_clip(parser, piece[::step]))]
    light = piece[::step].astype(np.float32) / 255
    luma = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return Moment(
        start_s=start_s,
        holds=sum(holds is True for holds in verdicts),
        settled=sum(holds is not None for holds in verdicts),
        brightness=float(luma.mean()),
        contrast=float(luma.std(axis=(1, 2)).mean()),
        saturation=float((light.max(axis=-1) - light.min(axis=-1)).mean()),
    )


def plot_drift(drift: Drift, path: Path) -> None:
    """The curves as a picture; ``UserError`` where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("a plot needs matplotlib: pip install 'ozora[train]'") from error
    seconds = [moment.start_s for moment in drift.moments]
    shares: Sequence[float] = [moment.holds / max(moment.settled, 1) for moment in drift.moments]
    figure = Figure(figsize=(6, 2.8), dpi=120, layout="constrained")
    axes = figure.add_subplot(xlabel="second", ylim=(0, 1.05))
    axes.step(seconds, shares, where="post", color="#2f5fae", linewidth=2, label="facts that hold")
    for name, color in (("brightness", "#e0a030"), ("contrast", "#808080"), ("saturation", "#c04060")):
        axes.plot(seconds, [getattr(moment, name) for moment in drift.moments], color=color, label=name)
    axes.grid(alpha=0.3)
    axes.legend(ncols=4, fontsize=7, frameon=False, loc="lower center")
    figure.savefig(path)
