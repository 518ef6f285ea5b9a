"""The edit verbs as commands: each builds a composition; the one pipeline paints it (or ``ozora plan`` prints it)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ozora.errors import SizeError, UserError
from ozora.plan import Box, Composition, Prompt
from ozora.timecode import exact

if TYPE_CHECKING:
    from ozora.edit import Piece, Source

Clip = Annotated[Path, typer.Argument(metavar="FILE", help="The clip to begin with.")]
Other = Annotated[Path, typer.Argument(metavar="FILE", help="The second clip.")]
Picture = Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture to begin with.")]
Seconds = Annotated[str, typer.Option(help="How many new seconds.")]
Length = Annotated[str | None, typer.Option("--seconds", help="How long the clip is. Default: the model's.")]
Size = Annotated[str | None, typer.Option(help="Pixels such as 448x256, or a shape such as 16:9.")]
Fps = Annotated[str | None, typer.Option(help="Frames a second.")]
Strength = Annotated[str, typer.Option(help="subtle, mild, strong, or from above 0 (keep) to 1 (anew).")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What every verb takes."""

    prompt: Annotated[
        str | None,
        typer.Argument(metavar="PROMPT", help="What to see, in words. Default: as the record beside the clip says."),
    ] = None
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where it goes. Default: named by the prompt.")
    ] = None
    seed: Annotated[int | None, typer.Option(help="The number that chooses among all clips of the prompt.")] = None
    quality: Annotated[str, typer.Option(help="draft, default or best: how many steps.")] = "default"
    steps: Annotated[int | None, typer.Option(help="Number of steps, in place of a quality.")] = None
    guidance: Annotated[float | None, typer.Option(help="How strongly the prompt is followed.")] = None
    negative: Annotated[str, typer.Option(help="What not to see, in words.")] = ""
    references: Annotated[
        list[Path] | None,
        typer.Option("--reference", metavar="FILE", help="A picture of something that is to look like that."),
    ] = None
    model: Annotated[str, typer.Option(help="Who paints: a name that `ozora models` lists.")] = "maquette"
    takes: Annotated[
        int, typer.Option(min=1, max=16, help="Paint so many clips, and keep the one that shows most of the prompt.")
    ] = 1
    all_takes: Annotated[
        bool, typer.Option("--all-takes", help="Keep all of several takes, and a contact sheet of them.")
    ] = False
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on the standard output, nothing else.")
    ] = False
    preview: Annotated[
        bool | None,
        typer.Option("--preview/--no-preview", help="Show the picture while it is painted. Default: if it can be."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")] = False


Finish = Callable[[Callable[[], tuple[Composition, str]], Wishes], None]
"""Gets what makes a composition and its prompt; makes a plan of them, and does with it what its command is for."""
Verb = Callable[..., Composition]


def add_verbs(app: typer.Typer, finish: Finish) -> None:
    """Put the verbs into ``app``; ``finish`` is what becomes of a plan there."""
    for name, verb in VERBS.items():
        app.command(name)(_command(verb, finish))


def _command(verb: Verb, finish: Finish) -> Callable[..., None]:
    """A command with the arguments of a verb and those of ``Wishes``; a verb may ask for the latter too."""
    signature, hints = inspect.signature(verb, eval_str=True), get_type_hints(Wishes, include_extras=True)
    asked = hints.keys() & signature.parameters.keys()
    own = [value for name, value in signature.parameters.items() if name not in hints]

    def command(**values: Any) -> None:  # noqa: ANN401 - Typer gives what the signature says
        wishes = Wishes(**{name: values.pop(name) for name in hints})

        def make() -> tuple[Composition, str]:
            composition = verb(**values, **{name: getattr(wishes, name) for name in asked})
            if wishes.prompt is None and not composition.prompts:
                return composition, told(values.get("clip"))
            return composition, wishes.prompt or ""

        finish(make, wishes)

    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(Wishes)
    ]
    parameters = [value.replace(kind=inspect.Parameter.KEYWORD_ONLY) for value in own] + shared
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what Typer reads
    command.__annotations__ = {value.name: value.annotation for value in parameters}
    command.__doc__ = verb.__doc__
    return command


def told(clip: Path | None) -> str:
    """The prompt of the record beside a clip; ``UserError`` where there is none."""
    from ozora.cli.record_file import read_request

    beside = None if clip is None else clip.with_name(f"{clip.name}.json")
    if beside is None or not beside.is_file():
        raise UserError("there is no prompt; say in words what to see")
    return read_request(beside)[0].prompts[0].text


def generate(
    seconds: Length = None,
    size: Size = None,
    fps: Fps = None,
    image: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture to begin with.")] = None,
    model: str = "",
) -> Composition:
    """Make a clip from a sentence."""
    from ozora import edit, pipeline

    shape = pipeline.extent(model, seconds=seconds, size=size, fps=fps)
    return Composition(shape=shape) if image is None else edit.keyframes({Fraction(0): image}, shape)


def image(size: Size = None, model: str = "") -> Composition:
    """Make a picture from a sentence."""
    return generate(seconds="0", size=size, model=model)


def animate(
    picture: Picture, seconds: Length = None, size: Size = None, fps: Fps = None, model: str = ""
) -> Composition:
    """Let a picture move."""
    return generate(seconds=seconds, size=size, fps=fps, image=picture, model=model)


def keyframes(
    pictures: Annotated[
        list[str], typer.Option("--at", metavar="SECONDS=IMAGE", help="A picture and its time; as often as you like.")
    ],
    seconds: Length = None,
    size: Size = None,
    fps: Fps = None,
    model: str = "",
) -> Composition:
    """Pass through pictures at given times."""
    from ozora import edit, pipeline

    images: dict[Fraction, Path] = {}
    for item in pictures:
        time, sign, path = item.partition("=")
        if not sign:
            raise UserError(f"'{item}' is no keyframe; give a time and a picture, such as 0=first.png")
        time_s = _seconds(time)
        if time_s in images:
            raise SizeError(f"two keyframes fall on {time} s; move one of them")
        images[time_s] = Path(path)
    return edit.keyframes(images, pipeline.extent(model, seconds=seconds, size=size, fps=fps))


def extend(
    clip: Clip,
    seconds: Seconds = "2",
    backward: Annotated[bool, typer.Option("--backward", help="In front of the clip, not behind it.")] = False,
) -> Composition:
    """Go on where a clip ends (or come to where it begins)."""
    from ozora import edit

    length = _seconds(seconds)
    before, after = (length, Fraction(0)) if backward else (Fraction(0), length)
    return edit.extend(_source(clip), before_s=before, after_s=after)


def connect(clip: Clip, other: Other, seconds: Seconds = "2") -> Composition:
    """Paint what happens between two clips."""
    from ozora import edit

    first = _source(clip)
    return edit.connect(first, _source(other, beside=first), seconds=_seconds(seconds))


def loop(clip: Clip, seconds: Seconds = "1.5") -> Composition:
    """Lead a clip back to its own beginning."""
    from ozora import edit

    return edit.loop(_source(clip), seconds=_seconds(seconds))


def remix(clip: Clip, strength: Strength = "mild") -> Composition:
    """Tell the same clip in other words."""
    from ozora import edit

    return edit.remix(_source(clip), strength=_strength(strength))


def restyle(
    clip: Clip,
    style: Annotated[str, typer.Argument(metavar="STYLE", help='How it looks now, such as "at night in the snow".')],
    prompt: str | None = None,
    strength: Strength = "strong",
) -> Composition:
    """Keep what happens and change place, time of day, weather or style."""
    from ozora import edit
    from ozora.language.sentences import restyle as reword

    text = reword(prompt or told(clip), style)
    made = edit.remix(_source(clip), strength=_strength(strength))
    return replace(made, prompts=(Prompt(text=text),))


def region(
    clip: Clip,
    box: Annotated[
        str | None,
        typer.Option(metavar="L,T,R,B", help="The part to paint anew, in shares of the picture from 0 to 1."),
    ] = None,
    mask: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture or clip that is white there.")] = None,
    thing: Annotated[str | None, typer.Option(help='What to paint anew, in words such as "the red ball".')] = None,
    start: Annotated[str, typer.Option(help="From this second on.")] = "0",
    end: Annotated[str | None, typer.Option(help="Up to this second. Default: to the end.")] = None,
) -> Composition:
    """Paint a part of the picture anew and keep the rest."""
    from ozora import edit

    where = _box(box) if box is not None else None
    if thing is not None:
        from ozora.media import read_video
        from ozora.perception.finding import find_thing

        where = find_thing(read_video(clip)[0], thing)
    end_s = None if end is None else _seconds(end)
    return edit.region(_source(clip), box=where, mask=mask, start_s=_seconds(start), end_s=end_s)


def reframe(
    clip: Clip,
    size: Annotated[str, typer.Option(help="The new shape, such as 9:16 or 1:1, or pixels.")] = "1:1",
    at: Annotated[str, typer.Option(metavar="X,Y", help="Where the clip lies: 0,0 upper left to 1,1 lower right.")] = (
        "0.5,0.5"
    ),
    model: str = "",
) -> Composition:
    """Give a clip another shape and paint what comes into view."""
    from ozora import edit, pipeline

    shape = pipeline.extent(model, size=size)
    x, y = _numbers(at, 2, "a place such as 0.5,0.5")
    return edit.reframe(_source(clip), height=shape.height, width=shape.width, x=x, y=y)


def blend(
    clip: Clip,
    other: Other,
    curve: Annotated[
        str, typer.Option(help='transition, mix, sample, or pairs of time and influence such as "0:0 0.5:1 1:0".')
    ] = "transition",
    strength: Strength = "mild",
) -> Composition:
    """Let one clip become another."""
    from ozora import edit
    from ozora.edit.blend import CURVES

    pairs = CURVES[curve] if curve in CURVES else _curve(curve)
    first = _source(clip)
    return edit.blend(first, _source(other, beside=first), curve=pairs, strength=_strength(strength))


def recut(
    pieces: Annotated[
        list[str],
        typer.Option(
            "--keep",
            metavar="FILE[#START-END]@AT",
            help="A piece that stays, and where it lands, such as a.mp4#0-2@1.5; as often as you like.",
        ),
    ],
    seconds: Length = None,
) -> Composition:
    """Keep pieces of clips, put them where you like, and paint the gaps."""
    from ozora import edit

    return edit.recut([_piece(item) for item in pieces], seconds=None if seconds is None else _seconds(seconds))


def storyboard(
    board: Annotated[Path, typer.Argument(metavar="BOARD", help="A storyboard in YAML or JSON; see docs/verbs.md.")],
    size: Size = None,
    fps: Fps = None,
    model: str = "",
) -> Composition:
    """Paint all cards of a storyboard as one clip."""
    from ozora import pipeline
    from ozora.edit.storyboard import read_board
    from ozora.edit.storyboard import storyboard as lay_out

    read = read_board(board)
    shape = pipeline.extent(model, size=size or read.size, fps=fps or read.fps)
    return lay_out(read, shape, folder=board.parent)


VERBS: dict[str, Verb] = {
    "generate": generate,
    "image": image,
    "animate": animate,
    "keyframes": keyframes,
    "extend": extend,
    "connect": connect,
    "loop": loop,
    "remix": remix,
    "restyle": restyle,
    "edit": region,
    "reframe": reframe,
    "blend": blend,
    "recut": recut,
    "storyboard": storyboard,
}


def _source(path: Path, *, beside: Source | None = None) -> Source:
    """A clip; what reading does to it, and what the clip before it asks of it, is said."""
    from ozora import edit

    source = edit.read_source(path)
    for note in (*source.notes, "" if beside is None else source.brought_to(beside.shape)):
        if note:
            typer.echo(note, err=True)
    return source


def _strength(text: str) -> Fraction:
    from ozora.edit.remix import STRENGTHS

    if text in STRENGTHS:
        return STRENGTHS[text]
    try:
        return exact(text)
    except ValueError:
        raise UserError(f"'{text}' is no strength; give subtle, mild, strong or a number such as 0.4") from None


def _seconds(text: str) -> Fraction:
    try:
        return exact(text)
    except ValueError:
        raise SizeError(f"'{text}' is no duration; give seconds, such as 2 or 1.5") from None


def _numbers(text: str, count: int, example: str) -> list[Fraction]:
    try:
        numbers = [exact(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise UserError(f"'{text}' is not understood; give {example}")
    return numbers


def _box(text: str) -> Box:
    left, top, right, bottom = _numbers(text, 4, "left, top, right, bottom, such as 0.25,0.5,0.75,1")
    return Box(left=left, top=top, right=right, bottom=bottom)


def _curve(text: str) -> list[tuple[Fraction, Fraction]]:
    pairs = [pair.replace(":", ",") for pair in text.split()]
    return [tuple(_numbers(pair, 2, "pairs such as 0:0 1:1")) for pair in pairs]  # type: ignore[misc] # two each


def _piece(text: str) -> Piece:
    from ozora import edit

    rest, sign, at = text.rpartition("@")
    path, hash_, span = rest.partition("#")
    start, dash, end = span.partition("-")
    if not sign or not path or (hash_ and not dash):
        raise UserError(f"'{text}' is no piece; give a file, its seconds and where it lands, such as a.mp4#0-2@1.5")
    return edit.Piece(
        source=_source(Path(path)),
        at_s=_seconds(at),
        start_s=_seconds(start) if start else Fraction(0),
        end_s=_seconds(end) if end else None,
    )
