"""Several takes of one plan, in front of a person: painted one after another, and the best of them is published.

The best is the one that shows most of what its prompts ask for; of equals the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ozora.cli.painting import paint
from ozora.errors import UserError
from ozora.media import SheetRow, check_output, read_footage, write_contact_sheet
from ozora.plan import count_missing

if TYPE_CHECKING:
    from ozora.cli.screen import Screen
    from ozora.pipeline import Progress, Take
    from ozora.plan import Plan, Record

SEEDS = 2**63
MOST_BYTES = 4_000_000_000
"""Two takes are in memory at a time."""


class Pipeline(Protocol):
    """The seam to ``ozora.pipeline``; tests bring their own."""

    def notes(self, plan: Plan) -> tuple[str, ...]: ...

    def run(self, plan: Plan, *, preview: bool = False) -> Iterator[Progress | Take]: ...

    def make(self, plan: Plan, path: Path, *, preview: bool = False) -> Iterator[Progress | Record]: ...

    def write(self, take: Take, path: Path) -> Path: ...


def variants(plan: Plan, count: int) -> tuple[Plan, ...]:
    """The same plan with ``count`` seeds: its own and those after it."""
    return tuple(replace(plan, seed=(plan.seed + number) % SEEDS) for number in range(count))


def paint_best(pipeline: Pipeline, plan: Plan, path: Path, screen: Screen, count: int) -> tuple[Path, Record]:
    """Paint ``count`` takes and publish the best; ``UserError`` where two of them do not fit into memory."""
    check_output(path, frames=plan.shape.frames)
    if 2 * plan.shape.frames * plan.shape.height * plan.shape.width * 3 > MOST_BYTES:
        raise UserError("takes of this length and size do not fit into memory: use --keep all, or make it shorter")
    for note in pipeline.notes(plan):
        screen.say(note)
    best: Take | None = None
    for number, variant in enumerate(variants(plan, count), start=1):
        take = screen.follow(pipeline.run(variant, preview=screen.draws))
        screen.say(f"take {number} of {count}, {tell_take(take.record)}")
        if best is None or count_missing(take.record) < count_missing(best.record):
            best = take
    assert best is not None
    screen.say(f"kept: the take of seed {best.record.plan.seed}")
    return pipeline.write(best, path), best.record


def paint_all(
    pipeline: Pipeline, plan: Plan, path: Path, screen: Screen, count: int
) -> tuple[Path, list[tuple[Path, Record]]]:
    """Paint and publish ``count`` takes, ``clip-1.mp4`` and so on, and a contact sheet of them, the best one first."""
    from ozora.trust.derivative import derive_file

    made = []
    for number, variant in enumerate(variants(plan, count), start=1):
        made.append(paint(pipeline, variant, path.with_name(f"{path.stem}-{number}{path.suffix}"), screen))
        screen.say(f"take {number} of {count}, {tell_take(made[-1][1])}")
    made.sort(key=lambda one: count_missing(one[1]))
    sheet = path.with_name(f"{path.stem}-takes.png")
    derive_file(made[0][0], sheet, "c2pa.edited", write=lambda draft: _draw_sheet(made, draft))
    return sheet, made


def _draw_sheet(made: list[tuple[Path, Record]], path: Path) -> None:
    rows = [
        SheetRow(caption=f"{one.name}: {tell_take(record)}", frames=read_footage(one).frames) for one, record in made
    ]
    write_contact_sheet(rows, path)


def tell_take(record: Record) -> str:
    """A take in a line: its seed, and what it does not show."""
    missing = [finding.fact for finding in record.findings if finding.shows is False]
    seen = sum(finding.shows is True for finding in record.findings)
    said = f"not seen: {'; '.join(missing)}" if missing else f"all {seen} facts are seen" if seen else "not checked"
    return f"seed {record.plan.seed}: {said}"
