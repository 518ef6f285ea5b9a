"""The commands, one function each. They only translate between a terminal and the functions that do the work."""

from __future__ import annotations

import contextlib
import enum
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from ozora import __version__
from ozora.cli.edit import Wishes, add_verbs
from ozora.cli.export import add_export
from ozora.cli.script import add_script
from ozora.cli.serve import add_server
from ozora.cli.trash import add_trash
from ozora.cli.trust import add_trust
from ozora.control_characters import dump_json, escape_controls
from ozora.errors import OzoraError
from ozora.threads import limit_spinning

if TYPE_CHECKING:
    from ozora.cli.screen import Screen
    from ozora.plan import Composition, Plan, Record

EXIT_STOPPED = 130  # Ctrl-C
EXIT_TERMINATED = 143
EXIT_UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h


class Cast(enum.StrEnum):
    """Who plays on the stage."""

    TOYS = "toys"
    TROUPE = "troupe"


app = typer.Typer(
    help="Text to video on your own machine.",
    add_completion=False,
    rich_markup_mode=None,  # rich would double the time that --help takes
)
stage = typer.Typer(help="The simulated stage that the maquette model is trained on.", rich_markup_mode=None)
app.add_typer(stage, name="stage")
plan = typer.Typer(
    help="Print the plan of a verb and paint nothing; `ozora run PLAN` paints it.", rich_markup_mode=None
)
app.add_typer(plan, name="plan")
evaluation = typer.Typer(help="Measure how well a model keeps to its prompts.", rich_markup_mode=None)
app.add_typer(evaluation, name="evaluate")

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where the clip goes: .mp4, .webm, .gif, .png, frames/%04d.png. Default: an .mp4 named after the prompt.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on the standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]
Preview = Annotated[
    bool | None,
    typer.Option("--preview/--no-preview", help="Show the picture while it is painted. Default: if the terminal can."),
]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where an error came from.")] = False,
) -> None:
    if version:
        typer.echo(f"ozora {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def paint_verb(make: Callable[[], tuple[Composition, str]], wishes: Wishes) -> None:
    """Paint what a verb lays out, and report it."""
    with _stoppable("stopped; takes that were finished stay" if wishes.all_takes else "stopped, nothing was written"):
        from ozora.cli.screen import Screen

        screen = Screen(quiet=wishes.quiet, preview=wishes.preview)
        if wishes.takes > 1 and wishes.all_takes:
            _paint_all(_plan(make, wishes), wishes, screen)
            return
        path, record = _paint(_plan(make, wishes), wishes.output, screen, takes=wishes.takes)
        _report(path, record, screen, {"path": str(path), "record": record.to_dict()} if wishes.as_json else None)


def print_plan(make: Callable[[], tuple[Composition, str]], wishes: Wishes) -> None:
    """Print the plan of a verb, or write it to the output."""
    with _stoppable("stopped, nothing was written"):
        from ozora.media import write_text

        text = dump_json(_plan(make, wishes).to_dict(), indent=2) + "\n"
        if wishes.output is None:
            typer.echo(text, nl=False)
        else:
            write_text(wishes.output, text)


def _plan(make: Callable[[], tuple[Composition, str]], wishes: Wishes) -> Plan:
    from ozora import pipeline

    composition, prompt = make()
    return pipeline.make_plan(
        prompt,
        composition=composition,
        model=wishes.model,
        seed=wishes.seed,
        steps=wishes.steps,
        quality=wishes.quality,
        guidance=wishes.guidance,
        negative=wishes.negative,
        references=wishes.references or (),
    )


add_verbs(app, paint_verb)
add_verbs(plan, print_plan)
add_script(app)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(metavar="RECORD_OR_PLAN", help="The .json file beside a clip.")],
    output: Output = None,
    as_json: Json = False,
    preview: Preview = None,
    quiet: Quiet = False,
) -> None:
    """Make a clip again from its record, and compare the pixels."""
    with _stoppable("stopped, nothing was written"):
        from ozora.cli.record_file import read_request

        plan, old = read_request(file)  # before the slow imports: a wrong file is refused at once
        from ozora.cli.painting import compare
        from ozora.cli.screen import Screen

        screen = Screen(quiet=quiet, preview=preview)
        path, record = _paint(plan, output, screen)
        result: dict[str, object] = {"path": str(path), "record": record.to_dict()}
        if old is not None:
            result["same_pixels"] = old.pixels_sha256 == record.pixels_sha256
            screen.say(compare(old, record))
        _report(path, record, screen, result if as_json else None)


@app.command()
def models(as_json: Json = False) -> None:
    """List what can paint, and what each can do."""
    from ozora.backends import BACKENDS
    from ozora.cli.model_list import describe_models, list_models

    all_capabilities = [backend.capabilities for backend in BACKENDS.values()]
    if as_json:
        typer.echo(dump_json(list_models(all_capabilities), indent=2))
    else:
        typer.echo(describe_models(all_capabilities))


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="The name of a recipe.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where checkpoints go.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in DIR.")] = False,
) -> None:
    """Train a model by a recipe."""
    with _stoppable("stopped: --resume goes on from the last checkpoint"):
        from ozora.train.run import train as train_recipe

        train_recipe(recipe, out, resume)


@evaluation.callback(invoke_without_command=True)
def evaluate(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")] = Path("out/evaluation"),
    model: Annotated[str, typer.Option(help="Which model.")] = "maquette",
    prompts: Annotated[int, typer.Option(min=1, help="How many prompts.")] = 64,
    quality: Annotated[str, typer.Option(help="draft, default or best.")] = "default",
    autoencoder: Annotated[
        bool, typer.Option("--autoencoder", help="Also score what maquette's autoencoder leaves of true renders.")
    ] = False,
) -> None:
    """Measure how well a model keeps to its prompts; `drift` looks at one long clip."""
    if context.invoked_subcommand is not None:
        return
    with _stoppable("stopped, the report is not complete"):
        from ozora.evaluate.report import evaluate_model, through
        from ozora.model.weights import SHIPPED, load_bundle

        bundle = load_bundle(SHIPPED / "maquette.safetensors") if autoencoder else None
        reconstruct = None if bundle is None else through(bundle.model.autoencoder)
        evaluate_model(out, model=model, prompts=prompts, quality=quality, reconstruct=reconstruct)


@evaluation.command()
def drift(
    clip: Annotated[Path, typer.Argument(metavar="FILE", help="A clip of 10 seconds or more.")],
    prompt: Annotated[str, typer.Option(help="What is to hold. Default: as the record beside the clip says.")] = "",
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the curves into this .png.")] = None,
) -> None:
    """Score the facts of a long clip again every five seconds, and how its light and color change."""
    with _stoppable("stopped"):
        from ozora.cli.edit import told
        from ozora.evaluate.drift import measure_drift, plot_drift
        from ozora.language.prompt_parser import parse_prompt
        from ozora.media import read_video
        from ozora.perception.parser import load_parser

        statement = parse_prompt(prompt or told(clip)).statement
        frames, fps = read_video(clip)
        measured = measure_drift(frames, fps, statement, load_parser())
        typer.echo(measured.table())
        if plot is not None:
            plot_drift(measured, plot)


@stage.command()
def sample(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the clips go.")] = Path("out/stage"),
    count: Annotated[int, typer.Option(min=1, help="How many clips.")] = 4,
    seed: Annotated[int, typer.Option(help="Which clips.")] = 0,
    cast: Annotated[Cast, typer.Option(help="Who plays.")] = Cast.TOYS,
) -> None:
    """Draw clips of the stage with their captions: what the model learns from."""
    with _stoppable("stopped, not all clips were written"):
        from ozora.stage.samples import write_samples

        write_samples(out, count=count, seed=seed, cast=cast.value)


@stage.command()
def troupe(
    deb: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Debian's 0ad-data package; default: fetch it.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the pack goes.")] = Path("out/troupe.pack"),
) -> None:
    """Build the pack of people, animals, buildings and trees from the art of 0 A.D."""
    with _stoppable("stopped, nothing was written"):
        from ozora.stage.troupe.build import build_pack

        typer.echo(build_pack(deb, out))


add_server(app)
add_trash(app)
add_trust(app)
add_export(app)


def main() -> NoReturn:
    """The program ``ozora``: runs a command and turns every failure into one line and an exit code."""
    limit_spinning()  # before any command loads torch; workers of the server inherit it
    signal.signal(signal.SIGTERM, _terminate)
    arguments = sys.argv[1:]
    sys.exit(call(app, [word for word in arguments if word != "--traceback"], traceback="--traceback" in arguments))


def call(application: typer.Typer, arguments: list[str], *, traceback: bool = False) -> int:
    """Run the command in ``arguments``; returns its exit code. ``traceback`` lets errors through as they are."""
    try:
        return application(arguments, prog_name="ozora", standalone_mode=False) or 0
    except (OzoraError, TyperException) as error:
        if traceback:
            raise
        text = error.format_message() if isinstance(error, TyperException) else str(error)
        return _fail(text, error.exit_code)
    except typer.Abort:
        return EXIT_STOPPED
    except Exception as error:
        if traceback:
            raise
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _fail(f"unexpected error, {reason} (run again with --traceback to see where)", EXIT_UNEXPECTED)


def _fail(text: str, exit_code: int) -> int:
    typer.echo(f"ozora: {escape_controls(' '.join(text.split()))}", err=True)
    return exit_code


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(EXIT_TERMINATED)  # unlike the default, this cleans up on its way out


@contextlib.contextmanager
def _stoppable(sentence: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        typer.echo(sentence, err=True)
        raise typer.Exit(EXIT_STOPPED) from error


def _paint(plan: Plan, output: Path | None, screen: Screen, *, takes: int = 1) -> tuple[Path, Record]:
    from ozora import pipeline
    from ozora.cli.painting import paint

    return paint(pipeline, plan, output or _named(plan), screen, takes=takes)


def _paint_all(plan: Plan, wishes: Wishes, screen: Screen) -> None:
    from ozora import pipeline
    from ozora.cli.takes import paint_all

    plans = pipeline.variants(plan, wishes.takes)
    sheet, made = paint_all(pipeline, plans, wishes.output or _named(plan), screen)
    told: dict[str, object] = {"sheet": str(sheet)}
    told["takes"] = [{"path": str(one), "record": record.to_dict()} for one, record in made]
    for one in (sheet, *(one for one, _ in made)) if not wishes.as_json else ():
        typer.echo(escape_controls(str(one)))
    if wishes.as_json:
        typer.echo(dump_json(told, indent=2))


def _named(plan: Plan) -> Path:
    """A free path by the prompt."""
    from ozora.cli.clip_name import name_clip

    return name_clip(plan.prompts[0].text, suffix=".mp4" if plan.shape.frames > 1 else ".png", folder=Path())


def _report(path: Path, record: Record, screen: Screen, as_json: dict[str, object] | None) -> None:
    from ozora.cli.painting import summarize

    screen.say(summarize(record))
    typer.echo(escape_controls(str(path)) if as_json is None else dump_json(as_json, indent=2))
