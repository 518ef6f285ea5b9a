"""The models as a person and as a program want to read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ozora.backends import Capabilities


def list_models(models: Sequence[Capabilities]) -> list[dict[str, object]]:
    """Plain data for JSON; fractions become text."""
    return [
        {
            name: str(value) if isinstance(value, Fraction) else value
            for name, value in dataclasses.asdict(model).items()
        }
        for model in models
    ]


def describe_models(models: Sequence[Capabilities]) -> str:
    """A table of one line each, and below each line what the model is."""
    head = ("name", "sizes", "seconds", "fps", "takes", "runs on", "license", "")
    rows = [head, *(_cells(model) for model in models)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    summaries = ["", *(_summary(model) for model in models)]
    return "\n".join(text for pair in zip(lines, summaries, strict=True) for text in pair if text)


def _summary(model: Capabilities) -> str:
    credit = f" ({model.credit})" if model.credit else ""
    return f"    {model.title}: {model.summary}{credit}"


def _cells(model: Capabilities) -> tuple[str, ...]:
    return (
        model.name,
        " ".join(model.sizes),
        f"{float(model.max_seconds):g}",
        " ".join(model.fps),
        " ".join(("text", *(name for name in model.conditions if name != "text"))),
        model.device,
        model.license,
        "installed" if model.installed else "not installed",
    )
