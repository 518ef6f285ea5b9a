"""``ozora export`` and ``ozora upscale``: finished clips for editing software, and in other sizes."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from ozora.control_characters import dump_json
from ozora.errors import SizeError, UserError
from ozora.timecode import rate

if TYPE_CHECKING:
    from ozora.cli.screen import Screen
    from ozora.handover.upscale import Picture

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on the standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]


class Target(enum.StrEnum):
    """Which program a timeline is for."""

    RESOLVE = "resolve"
    PREMIERE = "premiere"
    FCP = "fcp"
    EDL = "edl"
    OTIO = "otio"


class Media(enum.StrEnum):
    """What the media become."""

    PRORES = "prores"
    PRORES4444 = "prores4444"
    DNXHR = "dnxhr"
    EXR = "exr"
    PNG = "png"
    TIFF = "tiff"


class Way(enum.StrEnum):
    """How a clip is enlarged: ``auto`` learned, where maquette painted it and all that is in it."""

    AUTO = "auto"
    LEARNED = "learned"
    LANCZOS = "lanczos"


_WAYS = {
    True: "enlarged by the enlarger, which has learnt how the stage looks",
    False: "enlarged by Lanczos: not all of it was painted by maquette here (--way learned does it anyway)",
}


def add_export(app: typer.Typer) -> None:
    """Hang the commands into the program."""
    app.command()(export)
    app.command()(upscale)
    app.command()(matte)


def export(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Clips, in their order on the timeline.")],
    target: Annotated[Target, typer.Option("--for", help="What opens it.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where it goes.")],
    media: Annotated[Media, typer.Option(help="Codec of the media: ProRes 422 HQ, ... or pictures.")] = Media.PRORES,
    handles: Annotated[int, typer.Option(help="Frames at both ends that are kept off the timeline.")] = 0,
    timecode: Annotated[str, typer.Option(help="Of the first frame.")] = "01:00:00:00",
    matte: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A clip or picture; what is white in it is opaque.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hand clips over to editing software: media, a timeline, subtitles."""
    from ozora.cli.screen import Screen
    from ozora.media.master_file import Kind

    try:
        from ozora.handover.export import Order, export
    except ImportError as error:
        raise UserError("this needs OpenTimelineIO: pip install 'ozora[handover]'") from error

    kinds = {kind: kind for kind in get_args(Kind)}
    screen = Screen(quiet=quiet)
    order = Order(target=target.value, kind=kinds[media.value], handle=handles, timecode=timecode, matte=matte)
    package = export(
        files, order, output, publish=functools.partial(_publish, "c2pa.transcoded"), tell=_tell_lines(screen)
    )
    for note in package.notes:
        screen.say(note)
    paths = [str(path) for path in package.files]
    if as_json:
        typer.echo(dump_json({"files": paths, "notes": list(package.notes)}, indent=2))
    else:
        typer.echo("\n".join(paths))


def upscale(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The clip.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where it goes: .mp4 or .webm.")],
    size: Annotated[str, typer.Option(help="720p, 1080p, 4k, or pixels such as 1920x1080. Default: its own.")] = "",
    fps: Annotated[str | None, typer.Option(help="Frames a second, such as 60. Default: its own.")] = None,
    way: Annotated[
        Way, typer.Option(help="How it is enlarged. auto: learned, if maquette painted all of it, else lanczos.")
    ] = Way.AUTO,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a clip larger, or smoother with frames in between."""
    from ozora.cli.screen import Screen
    from ozora.handover.upscale import lanczos
    from ozora.handover.upscale import upscale as write_larger
    from ozora.trust.claims import ENHANCED
    from ozora.trust.derivative import mark_again

    learned = bool(size) and _is_learned(way, file)

    def enlarge(frames: Iterator[Picture], height: int, width: int) -> Iterator[Picture]:
        larger = (_learned if learned else lanczos)(frames, height, width)
        return mark_again(file, larger) if size else larger

    screen = Screen(quiet=quiet)
    made = write_larger(
        file,
        output,
        size=size,
        fps=None if fps is None else _rate(fps),
        publish=functools.partial(_publish, "c2pa.edited", source_type=ENHANCED if learned else ""),
        tell=_tell_lines(screen),
        enlarge=enlarge,
    )
    notes = [*made.notes, *([_WAYS[learned]] if size and way is Way.AUTO else [])]
    for note in notes:
        screen.say(note)
    shape = {"frames": made.frames, "height": made.height, "width": made.width, "fps": str(made.fps)}
    typer.echo(dump_json({"path": str(made.path), **shape, "notes": notes}) if as_json else made.path)


def matte(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The clip.")],
    thing: Annotated[str, typer.Argument(metavar="THING", help='Whom to cut out, such as "the red ball".')],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where it goes, such as matte.mp4.")],
) -> None:
    """Write the matte of a thing of the stage: white where it is. For `export --matte` and `edit --mask`."""
    from ozora.media import check_output, read_video, write_video
    from ozora.perception.finding import find_matte

    check_output(output, frames=2)
    frames, fps = read_video(file)
    white = find_matte(frames, thing)[..., None].repeat(3, axis=-1)
    for note in _publish("c2pa.edited", file, output, lambda draft: write_video(white, fps, draft)):
        typer.echo(note, err=True)
    typer.echo(output)


def _is_learned(way: Way, file: Path) -> bool:
    from ozora.trust.lineage import painted_by

    return way is Way.LEARNED or (way is Way.AUTO and painted_by(file) == {"maquette"})


def _learned(frames: Iterator[Picture], height: int, width: int) -> Iterator[Picture]:
    from ozora.backends.enlarging import enlarge  # PyTorch takes a second

    return enlarge(frames, height, width)


def _rate(text: str) -> Fraction:
    try:
        return rate(text)
    except (ValueError, ZeroDivisionError):
        raise SizeError(f"'{text}' is no frame rate; give 24, 30 or 60") from None


def _publish(
    action: str, parent: Path, path: Path, write: Callable[[Path], object], *, source_type: str = ""
) -> Sequence[str]:
    from ozora.trust.derivative import derive_file

    return derive_file(parent, path, action, write=write, source_type=source_type).notes


def _tell_lines(screen: Screen) -> Callable[[str, int, int], None]:
    """Progress as a line for each tenth."""

    def tell(what: str, done: int, total: int) -> None:
        if done == total or done * 10 // total != (done - 1) * 10 // total:
            screen.say(f"{what} {done}/{total}")

    return tell
