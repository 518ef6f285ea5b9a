"""Several takes of one plan that all stay, in front of a person, and a contact sheet of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ozora.cli.painting import Pipeline, paint
from ozora.media import SheetRow, read_footage, write_contact_sheet
from ozora.plan import count_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ozora.cli.screen import Screen
    from ozora.plan import Plan, Record


def paint_all(
    pipeline: Pipeline, plans: Sequence[Plan], path: Path, screen: Screen
) -> tuple[Path, list[tuple[Path, Record]]]:
    """Paint and publish a take of each plan, ``clip-1.mp4`` and so on, and a contact sheet ``clip-takes.png`` with what
    each lacks, the one that shows most first. Returns the sheet, and the takes in its order."""
    from ozora.trust.derivative import derive_file

    made = []
    for number, plan in enumerate(plans, start=1):
        made.append(paint(pipeline, plan, path.with_name(f"{path.stem}-{number}{path.suffix}"), screen))
        screen.say(f"take {number} of {len(plans)}, {tell_take(made[-1][1])}")
    made.sort(key=lambda one: count_missing(one[1]))
    sheet = path.with_name(f"{path.stem}-takes.png")
    derive_file(made[0][0], sheet, "c2pa.edited", write=lambda draft: _draw_sheet(made, draft))
    return sheet, made


def _draw_sheet(made: Sequence[tuple[Path, Record]], path: Path) -> None:
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
