"""The edit verbs as commands: each builds a layout, and the one pipeline paints it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.errors import SizeError, UserError

if TYPE_CHECKING:
    from ozora.plan import Layout

Clip = Annotated[Path, typer.Argument(metavar="FILE", help="The clip to begin with.")]
Words = Annotated[str, typer.Argument(metavar="PROMPT", help="What to see in the new part, in words.")]
Out = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the new clip goes.")]
Seconds = Annotated[str, typer.Option(help="How many new seconds.")]
Seed = Annotated[int | None, typer.Option(help="The number that chooses among all clips of the prompt.")]
Steps = Annotated[int | None, typer.Option(help="Painting steps: more is slower and finer.")]
Model = Annotated[str, typer.Option(help="Who paints: a name that `ozora models` lists.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on the standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]
Finish = Callable[..., None]
"""Paints a plan and reports it: (plan, output, as_json, quiet)."""


def add_verbs(app: typer.Typer, finish: Finish) -> None:
    """Put the verbs into ``app``; ``finish`` is how a plan becomes a file there."""

    @app.command()
    def extend(
        clip: Clip,
        prompt: Words,
        output: Out,
        seconds: Seconds = "2",
        backward: Annotated[bool, typer.Option("--backward", help="In front of the clip, not behind it.")] = False,
        seed: Seed = None,
        steps: Steps = None,
        model: Model = "maquette",
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Go on where a clip ends (or come to where it begins)."""

        def layout() -> Layout:
            from ozora import edit

            length = _seconds(seconds)
            before, after = (length, Fraction(0)) if backward else (Fraction(0), length)
            return edit.extend(edit.read_source(clip), before_s=before, after_s=after)

        finish(layout, prompt, output, seed, steps, model, as_json, quiet)

    @app.command()
    def connect(
        clip: Clip,
        other: Annotated[Path, typer.Argument(metavar="FILE", help="The clip to end with.")],
        prompt: Words,
        output: Out,
        seconds: Seconds = "2",
        seed: Seed = None,
        steps: Steps = None,
        model: Model = "maquette",
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Paint what happens between two clips."""

        def layout() -> Layout:
            from ozora import edit

            return edit.connect(edit.read_source(clip), edit.read_source(other), seconds=_seconds(seconds))

        finish(layout, prompt, output, seed, steps, model, as_json, quiet)

    @app.command()
    def loop(
        clip: Clip,
        prompt: Words,
        output: Out,
        seconds: Seconds = "1.5",
        seed: Seed = None,
        steps: Steps = None,
        model: Model = "maquette",
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Lead a clip back to its own beginning."""

        def layout() -> Layout:
            from ozora import edit

            return edit.loop(edit.read_source(clip), seconds=_seconds(seconds))

        finish(layout, prompt, output, seed, steps, model, as_json, quiet)

    @app.command()
    def remix(
        clip: Clip,
        prompt: Words,
        output: Out,
        strength: Annotated[
            str, typer.Option(help="subtle, mild, strong, or from above 0 (keep) to 1 (anew).")
        ] = "mild",
        seed: Seed = None,
        steps: Steps = None,
        model: Model = "maquette",
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Tell the same clip in other words."""

        def layout() -> Layout:
            from ozora import edit
            from ozora.edit.remix import STRENGTHS

            amount = STRENGTHS[strength] if strength in STRENGTHS else _number(strength)
            return edit.remix(edit.read_source(clip), strength=amount)

        finish(layout, prompt, output, seed, steps, model, as_json, quiet)


def _number(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UserError(f"'{text}' is no strength; give subtle, mild, strong or a number such as 0.4") from None


def _seconds(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise SizeError(f"'{text}' is no duration; give seconds, such as 2 or 1.5") from None
