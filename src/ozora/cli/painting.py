"""One plan becomes one file, in front of a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ozora.media import check_output
from ozora.trust.credential import explain_unsigned, is_signable

if TYPE_CHECKING:
    from ozora.cli.screen import Screen
    from ozora.pipeline import Progress
    from ozora.plan import Plan, Record


class Pipeline(Protocol):
    """The seam to ``ozora.pipeline``, which is the only real one; tests bring their own."""

    def notes(self, plan: Plan) -> tuple[str, ...]: ...

    def make(self, plan: Plan, path: Path, *, takes: int = 1, preview: bool = False) -> Iterator[Progress | Record]: ...


def paint(pipeline: Pipeline, plan: Plan, path: Path, screen: Screen, *, takes: int = 1) -> tuple[Path, Record]:
    """Make the take of ``plan``, or the best of several, and write it; the path is checked before any work, and nothing
    half-done stays. What the take does not show is said at the end."""
    check_output(path, frames=plan.shape.frames)
    before = (*pipeline.notes(plan), *(() if is_signable(path) else (explain_unsigned(path),)))
    for note in before:
        screen.say(note)
    record = screen.follow(pipeline.make(plan, path, takes=takes, preview=screen.draws))
    for note in record.notes:
        if note not in before:
            screen.say(note)
    return path, record


def compare(old: Record, new: Record) -> str:
    """Whether a repeat gave the same pixels, as a sentence."""
    if old.pixels_sha256 == new.pixels_sha256:
        return "the pixels are the same as in the record"
    reasons = _changes(old, new)
    return "the pixels differ from the record" + (": " + ", ".join(reasons) if reasons else "")


def summarize(record: Record) -> str:
    """A take in one line: its extent, its seed, what painted it and how long that took."""
    shape = record.plan.shape
    extent = f"{shape.width}x{shape.height}, {float(shape.duration_s):.3g} s at {float(shape.fps):.5g} frames a second"
    took_s = sum(record.timings_s.values())
    return f"{extent}, seed {record.plan.seed}, painted by {record.plan.model} in {took_s:.1f} s"


def _changes(old: Record, new: Record) -> list[str]:
    """What may be the reason: weights, versions or machine that are not the same."""
    before = {"weights": old.weights_sha256[:8], **old.versions, **old.machine}
    after = {"weights": new.weights_sha256[:8], **new.versions, **new.machine}
    return [
        f"{name} was {before.get(name, 'unknown')} and is {after.get(name, 'unknown')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
