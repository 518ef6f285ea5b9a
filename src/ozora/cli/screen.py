"""What a person sees while a clip is painted: sentences, a progress bar with the time left, and the picture so far.

All of it goes to the standard error, so that the standard output holds results only. On a terminal the picture is
drawn with half blocks, two pixels a character, and disappears with the bar; elsewhere progress is plain lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.segment import Segment, Segments
from rich.style import Style

from ozora.control_characters import escape_controls
from ozora.errors import UserError
from ozora.pipeline import Progress

Made = TypeVar("Made")
"""What painting ends with."""
STAGES = {"load": "loading the model", "paint": "painting", "decode": "decoding"}

_PREVIEW_COLUMNS = 66
_PREVIEW_PICTURES = 3
_LINE_EVERY_S = 10.0


class Screen:
    """Where messages and progress go. ``preview=None`` shows pictures where the terminal can."""

    def __init__(self, *, quiet: bool = False, preview: bool | None = None, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False)
        can_draw = self._console.is_terminal and self._console.color_system in ("256", "truecolor")
        if preview and not can_draw:
            raise UserError("--preview needs a terminal with colors: leave it out")
        self._quiet = quiet
        self._preview = can_draw and preview is not False

    @property
    def draws(self) -> bool:
        """Whether pictures of unfinished work are shown."""
        return self._preview and not self._quiet

    def say(self, sentence: str) -> None:
        """One line for the person, unless quiet."""
        if not self._quiet:
            self._console.print(escape_controls(sentence), markup=False, soft_wrap=True)

    def follow(self, events: Iterator[Progress | Made]) -> Made:
        """Show the progress in ``events`` and return what comes at their end."""
        if self._quiet:
            return _last(events)
        return self._follow_bar(events) if self._console.is_terminal else self._follow_lines(events)

    def _follow_bar(self, events: Iterator[Progress | Made]) -> Made:
        bar = Bar(
            TextColumn("{task.description:<17}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        tasks: dict[str, TaskID] = {}
        with Live(bar, console=self._console, transient=True, refresh_per_second=8) as live:
            for event in events:
                if not isinstance(event, Progress):
                    return event
                if event.stage not in tasks:
                    tasks[event.stage] = bar.add_task(_describe(event), total=event.total)
                bar.update(tasks[event.stage], completed=event.done, total=event.total)
                if self._preview and event.preview is not None:
                    live.update(Group(draw(event.preview, min(_PREVIEW_COLUMNS, self._console.width)), bar))
        raise AssertionError("painting ends with what was made")

    def _follow_lines(self, events: Iterator[Progress | Made]) -> Made:
        stage, said_s = "", 0.0
        for event in events:
            if not isinstance(event, Progress):
                return event
            now_s = time.monotonic()
            if event.stage != stage or now_s - said_s >= _LINE_EVERY_S:
                self.say(f"{_describe(event)} {event.done}/{event.total}")
                stage, said_s = event.stage, now_s
        raise AssertionError("painting ends with what was made")


def draw(preview: NDArray[np.uint8], columns: int) -> Segments:
    """``preview`` (``h w 3``, or ``f h w 3``: first, middle and last side by side) as ``columns`` of half blocks."""
    strip = _strip(preview)
    height, width, _ = strip.shape
    rows = max(1, round(columns * height / width / 2))
    pixels = np.asarray(Image.fromarray(strip).resize((columns, rows * 2), Image.Resampling.BOX))
    segments: list[Segment] = []
    for top, bottom in zip(pixels[0::2].tolist(), pixels[1::2].tolist(), strict=True):
        segments += [
            Segment("▀", Style(color=Color.from_rgb(*up), bgcolor=Color.from_rgb(*down)))
            for up, down in zip(top, bottom, strict=True)
        ]
        segments.append(Segment.line())
    return Segments(segments)


def _strip(preview: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if preview.ndim == 3:
        return preview
    count = min(_PREVIEW_PICTURES, len(preview))
    chosen = np.linspace(0, len(preview) - 1, count).round().astype(int)
    return np.concatenate([preview[index] for index in chosen], axis=1)


def _describe(event: Progress) -> str:
    return STAGES.get(event.stage, event.stage)


def _last(events: Iterator[Progress | Made]) -> Made:
    for event in events:
        if not isinstance(event, Progress):
            return event
    raise AssertionError("painting ends with what was made")
