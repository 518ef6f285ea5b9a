"""``ozora script``: from a story to a storyboard."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ozora.errors import UserError

if TYPE_CHECKING:
    from ozora.language.stories import Moment

KEY = "OZORA_LLM_KEY"


def add_script(app: typer.Typer) -> None:
    """Put the command into ``app``."""
    app.command()(script)


def script(
    story: Annotated[str, typer.Argument(metavar="STORY", help="A few sentences, or a text file with them.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the storyboard goes.")],
    seconds: Annotated[str, typer.Option(help="How long all of it is. Default: 3 seconds a moment.")] = "",
    llm: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Ask a chat server with OpenAI's interface, such as http://localhost:8080/v1."
        ),
    ] = "",
    llm_model: Annotated[str, typer.Option(metavar="NAME", help="Which of its models.")] = "default",
) -> None:
    """Turn a short story into a storyboard, which `ozora storyboard` paints.

    Without --llm a planner of our own does it, for stories of the stage's things. The server's key is taken from the
    environment variable OZORA_LLM_KEY.
    """
    import yaml

    from ozora.edit.storyboard import parse_board
    from ozora.media import write_text

    text = _read(story)
    if llm:
        from ozora.edit.script import ask

        data = ask(text, url=llm, model=llm_model, key=os.environ.get(KEY, ""))
    else:
        data = _plan(text, seconds)
    parse_board(data)
    write_text(output, yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120))
    typer.echo(output)


def _read(story: str) -> str:
    path = Path(story)
    with contextlib.suppress(OSError, UnicodeDecodeError):  # a long story is no file name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return story


def _plan(text: str, seconds: str) -> dict[str, Any]:
    from ozora.language.stories import names, tell

    moments = tell(text)
    if not moments:
        raise UserError("nothing of the story is on the stage; name things such as a robot, or use --llm URL")
    each_s = _length(seconds, len(moments))
    cast = names(moments)
    cards = []
    for number, moment in enumerate(moments):
        card: dict[str, Any] = {"at": float(number * each_s), "duration": float(each_s), "text": _cast(moment, cast)}
        if number:
            card["transition"] = "write" if moment.goes_on else "cut"
        cards.append(card)
    return {"cast": cast, "cards": cards} if cast else {"cards": cards}


def _length(seconds: str, count: int) -> Fraction:
    """Seconds of each card, in hundredths."""
    from ozora.timecode import exact

    if not seconds:
        return Fraction(3)
    try:
        each_s = Fraction(round(exact(seconds) / count * 100), 100)
    except ValueError:
        raise UserError(f"'{seconds}' is no duration; give seconds, such as 12") from None
    if each_s <= 0:
        raise UserError(f"{seconds} s are too short for {count} moments; give at least {count}")
    return each_s


def _cast(moment: Moment, cast: dict[str, str]) -> str:
    """The moment as a prompt in which the cast goes by its names."""
    text = moment.text
    for name, look in cast.items():
        text = text.replace(look, f"@{name}", 1)
    return text
