"""``ozora verify`` and ``ozora trust``: where a file comes from, and who signs here."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.control_characters import dump_json, escape_controls

if TYPE_CHECKING:
    from ozora.trust.verify import Verdict

Home = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="Where the keys and the ledger are. Default: OZORA_HOME.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]

trust = typer.Typer(help="Who signs here, and what waits for a person.", rich_markup_mode=None)


def add_trust(app: typer.Typer) -> None:
    """Hang the commands into the program."""
    app.command()(verify)
    app.add_typer(trust, name="trust")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A video, a picture, or frames/%04d.png.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say where a file comes from: its signature, its watermark, how it looks."""
    from ozora.trust.verify import verify as find_origin

    verdict = find_origin(file, home=home)
    typer.echo(dump_json(verdict.to_dict(), indent=2) if as_json else describe(file, verdict))


@trust.command()
def init(home: Home = None) -> None:
    """Make the certificates and the watermark key, if there are none."""
    from ozora.trust.identity import init as make
    from ozora.trust.settings import find_home

    place = home or find_home()
    signer = escape_controls(make(place).name)
    typer.echo(f"{signer} signs here; the keys are in {place}, keep a copy of it in a safe place")


@trust.command()
def renew(home: Home = None) -> None:
    """Make new certificates of our own, where the old ones have expired or a wrong clock made them."""
    from ozora.trust.identity import renew as make_new
    from ozora.trust.settings import find_home

    place = home or find_home()
    signer = escape_controls(make_new(place).name)
    typer.echo(f"{signer} signs here from now on; what was signed before is known further on")


@trust.command()
def status(home: Home = None, as_json: Json = False) -> None:
    """Say who signs and whether that works now, what was published, what waits, and whether the log is whole."""
    from ozora.errors import TimeAuthorityError
    from ozora.trust.identity import load
    from ozora.trust.ledger import Ledger
    from ozora.trust.ledger_audit import compare_with_log
    from ozora.trust.policy import load_policy
    from ozora.trust.readiness import prove
    from ozora.trust.review import ReviewQueue
    from ozora.trust.settings import find_home, read_settings

    place = home or find_home()
    identity = load(place)
    settings = read_settings(place)
    try:
        prove(place)
        stamps = "answers" if settings.time_authority else ""
    except TimeAuthorityError as error:
        stamps = str(error)
    comparison = compare_with_log(place)
    with Ledger(place) as ledger, ReviewQueue(place) as queue:
        facts: dict[str, object] = {
            "home": str(place),
            "signer": identity.name,
            "certificate": settings.certificate or "own",
            "time stamp service": stamps,
            "published": ledger.count(),
            "waiting for review": len(queue.list_waiting()),
            "rules": len(load_policy(place, settings).rules),
            "lines of the log": comparison.num_lines,
            "log": comparison.log,
            "ledger": comparison.ledger,
        }
    typer.echo(dump_json(facts, indent=2) if as_json else _lines(facts))


@trust.command()
def publish(
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="The take to finish. Default: list those that wait.")
    ] = None,
    home: Home = None,
) -> None:
    """Finish a take that was painted while the time stamp service did not answer."""
    from ozora.trust.held import drop_held, find_held, list_held
    from ozora.trust.publish import publish_held
    from ozora.trust.settings import find_home

    place = home or find_home()
    if number is None:
        for name, take in list_held(place).items():
            prompts = "; ".join(prompt.text for prompt in take.record.plan.prompts)
            typer.echo(escape_controls(f"{name}  {take.path}  {prompts}"))
        return
    take, plain = find_held(place, number)
    publish_held(place, take, plain)
    drop_held(place, number)
    typer.echo(escape_controls(str(take.path)))


@trust.command()
def review(
    approve: Annotated[int | None, typer.Option(metavar="NUMBER", help="Allow a prompt.")] = None,
    refuse: Annotated[int | None, typer.Option(metavar="NUMBER", help="Refuse a prompt.")] = None,
    home: Home = None,
) -> None:
    """List the prompts that wait for a person, or answer one."""
    from ozora.trust import audit
    from ozora.trust.review import ReviewQueue
    from ozora.trust.settings import find_home

    place = home or find_home()
    with ReviewQueue(place) as queue:
        for number, answer in ((approve, "approved"), (refuse, "refused")):
            if number is not None:
                case = queue.answer(number, "approved" if answer == "approved" else "refused", by=getpass.getuser())
                audit.append(place, "answered", {"case": number, "answer": answer, "by": case.answered_by})
                typer.echo(f"{number} is {answer}")
        if approve is None and refuse is None:
            for case in queue.list_waiting():
                typer.echo(escape_controls(f"{case.number}  {case.rule}  {case.key}  {case.text}"))


def describe(file: Path, verdict: Verdict) -> str:
    """Return the verdict and what speaks for it, a line each; control characters in it are written out."""
    facts: dict[str, object] = {}
    if verdict.credential is not None:
        problems = ", ".join(verdict.credential.problems)
        facts["manifest"] = f"{verdict.credential.state}, by {verdict.credential.signer or 'nobody'}"
        facts["says"] = verdict.credential.generation.get("disclosure", "")
        facts["problems"] = problems
    if verdict.watermark is not None:
        mark = verdict.watermark
        mirrored = ", mirrored" if mark.mirrored else ""
        facts["watermark"] = f"{mark.payload:08x}, strength {mark.strength:.2f}, at {mark.scale:.2f}x{mirrored}"
    if verdict.looks is not None:
        facts["looks"] = f"{verdict.looks:.1f} of 64 bits from what was published"
    if verdict.entry is not None:
        plan = verdict.entry.record.get("plan", {})
        facts["published"] = verdict.entry.published_at
        facts["prompt"] = "; ".join(prompt["text"] for prompt in plan.get("prompts", []))
        facts["model"] = f"{plan.get('model')}, seed {plan.get('seed')}"
    for number, note in enumerate(verdict.notes, start=1):
        facts[f"note {number}" if len(verdict.notes) > 1 else "note"] = note
    return "\n".join([f"{escape_controls(str(file))}: {verdict.sentence}", *(line for line in [_lines(facts)] if line)])


def _lines(facts: dict[str, object]) -> str:
    return "\n".join(f"  {name}: {escape_controls(str(fact))}" for name, fact in facts.items() if fact != "")
