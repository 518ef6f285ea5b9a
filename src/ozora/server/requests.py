"""A request on the wire becomes a plan. Whatever the pipeline cannot do yet is refused here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from ozora import edit
from ozora.backends import BACKENDS
from ozora.edit.blend import CURVES, Curve
from ozora.edit.storyboard import storyboard
from ozora.errors import CapabilityError, RequestError, SizeError, UserError, blaming
from ozora.language.sentences import restyle
from ozora.media import check_picture
from ozora.pipeline import extent, make_plan
from ozora.plan import Box, Composition, Plan, Prompt
from ozora.server.models import OTHERS_SECONDS, OTHERS_SIZE, is_alias, resolve
from ozora.server.sources import Given
from ozora.timecode import exact

DEFAULT_MODEL = "sora-2"
STRENGTHS = {"remix": 0.5, "edit": 0.5, "blend": 0.5, "restyle": 0.8}
"""The verbs that paint over a clip, and how much of it changes when nothing is said."""
ON_WIRE = {"steps": "num_inference_steps", "guidance": "guidance_scale", "negative": "negative_prompt"}
"""What the arguments of the pipeline are called on the wire, where that is not the same."""
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client asks for, in the words of the wire. ``place`` is where a reframed clip lies."""

    verb: str
    prompt: str
    model: str = DEFAULT_MODEL
    seconds: str | None = None
    size: str | None = None
    fps: str | None = None
    seed: int | None = None
    steps: int | None = None
    quality: str = "default"
    guidance: float | None = None
    negative_prompt: str | None = None
    strength: float | None = None
    region: Box | None = None
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None
    curve: Curve = CURVES["transition"]
    place: tuple[Fraction, Fraction] = (HALF, HALF)
    style: str = ""
    given: Given = field(default_factory=Given)


def plan_of(wish: Wish, aliases: dict[str, str]) -> Plan:
    """The plan that a wish asks for; ``UserError`` says what to change, and names the field."""
    if wish.strength is not None and wish.verb not in STRENGTHS:
        raise CapabilityError(f"'strength' is for {', '.join(STRENGTHS)}; leave it out", param="strength")
    ours = replace(_defaults(wish, aliases), model=resolve(wish.model, aliases))
    try:
        composition = COMPOSERS[wish.verb](ours)
        return make_plan(
            ours.prompt,
            model=ours.model,
            seconds=ours.seconds if composition is None else None,
            size=ours.size,
            fps=ours.fps,
            seed=ours.seed,
            steps=ours.steps,
            quality=ours.quality,
            guidance=ours.guidance,
            negative=ours.negative_prompt or "",
            image=ours.given.image if composition is None else None,
            references=ours.given.cast if sees_references(wish, aliases) else (),
            composition=composition,
        )
    except UserError as error:
        error.param = _field(error.param, wish)
        raise


def sees_references(wish: Wish, aliases: dict[str, str]) -> bool:
    """Whether the model that is wished for can be shown how a thing looks."""
    backend = BACKENDS.get(resolve(wish.model, aliases))
    return backend is not None and "references" in backend.capabilities.conditions


def _field(param: str | None, wish: Wish) -> str | None:
    """What a client calls the argument ``param``; a length that it did not ask for is that of what it gave."""
    if param == "image":
        return "input_reference"
    if param == "seconds" and wish.seconds is None:
        given = {"storyboard": wish.given.board, "pieces": wish.given.pieces, "video": wish.given.video}
        return next((name for name, value in given.items() if value), param)
    return param if param is None else ON_WIRE.get(param, param)


def _defaults(wish: Wish, aliases: dict[str, str]) -> Wish:
    """The wish with what a storyboard says of its extent, and then what the model of another name would have taken."""
    board = wish.given.board
    if board is not None:
        wish = replace(wish, size=wish.size or board.size, fps=wish.fps or board.fps)
    if wish.verb == "create" and is_alias(wish.model, aliases):
        return replace(wish, seconds=wish.seconds or OTHERS_SECONDS, size=wish.size or OTHERS_SIZE)
    return wish


def _create(wish: Wish) -> Composition | None:
    """``None`` for a new video with a first frame at most."""
    given = wish.given
    if given.board is not None:
        shape = extent(wish.model, size=wish.size, fps=wish.fps)
        try:
            return storyboard(given.board, shape)
        except UserError as error:
            raise RequestError(str(error), param="storyboard") from error
    if given.last is None and not given.keyframes:
        return None
    shape = extent(wish.model, seconds=wish.seconds, size=wish.size, fps=wish.fps)
    ends = ((Fraction(0), given.image), (shape.duration_s, given.last))
    shown = [*((time_s, path) for time_s, path in ends if path is not None), *given.keyframes]
    if len({time_s for time_s, _ in shown}) < len(shown):
        raise RequestError("two keyframes have the same time; move one of them", param="keyframes")
    for param, path in (("input_reference", given.image), ("last_frame", given.last)):
        with blaming(param):
            if path is not None:
                check_picture(path)
    with blaming("keyframes"):
        return edit.keyframes(dict(shown), shape)


def _edit(wish: Wish) -> Composition:
    if wish.region is None and wish.given.mask is None:
        return _remix(wish)
    source = _first(wish)
    with blaming("region" if wish.given.mask is None else "mask"):
        return edit.region(source, box=wish.region, mask=wish.given.mask, start_s=wish.start_s, end_s=wish.end_s)


def _remix(wish: Wish) -> Composition:
    return edit.remix(_first(wish), strength=_strength(wish))


def _restyle(wish: Wish) -> Composition:
    return replace(_remix(wish), prompts=(Prompt(text=restyle(wish.prompt, wish.style)),))


def _extend(wish: Wish) -> Composition:
    with blaming("seconds"):
        return edit.extend(_first(wish), after_s=_seconds(wish, OTHERS_SECONDS))


def _loop(wish: Wish) -> Composition:
    with blaming("seconds"):
        return edit.loop(_first(wish), seconds=_seconds(wish, "1.5"))


def _connect(wish: Wish) -> Composition:
    with blaming("seconds"):
        return edit.connect(_first(wish), _second(wish), seconds=_seconds(wish, "2"))


def _blend(wish: Wish) -> Composition:
    with blaming("other_video"):
        return edit.blend(_first(wish), _second(wish), curve=wish.curve, strength=_strength(wish))


def _reframe(wish: Wish) -> Composition:
    shape, (x, y) = extent(wish.model, size=wish.size), wish.place
    return edit.reframe(_first(wish), height=shape.height, width=shape.width, x=x, y=y)


def _recut(wish: Wish) -> Composition:
    with blaming("pieces"):
        pieces = [
            edit.Piece(source=edit.read_source(kept.path), at_s=kept.at_s, start_s=kept.start_s, end_s=kept.end_s)
            for kept in wish.given.pieces
        ]
        return edit.recut(pieces, seconds=None if wish.seconds is None else _seconds(wish, ""))


COMPOSERS: dict[str, Callable[[Wish], Composition | None]] = {
    "create": _create,
    "remix": _remix,
    "edit": _edit,
    "extend": _extend,
    "loop": _loop,
    "connect": _connect,
    "blend": _blend,
    "reframe": _reframe,
    "recut": _recut,
    "restyle": _restyle,
}


def _first(wish: Wish) -> edit.Source:
    with blaming("video"):
        return edit.read_source(_there(wish.given.video))


def _second(wish: Wish) -> edit.Source:
    with blaming("other_video"):
        return edit.read_source(_there(wish.given.other))


def _there(path: Path | None) -> Path:
    assert path is not None, "the fields of the verb require it"
    return path


def _strength(wish: Wish) -> Fraction:
    value = Fraction(STRENGTHS[wish.verb] if wish.strength is None else wish.strength).limit_denominator(1000)
    if not 0 < value <= 1:
        raise RequestError(f"a strength of {wish.strength} is out of range; give more than 0 up to 1", param="strength")
    return value


def _seconds(wish: Wish, default: str) -> Fraction:
    try:
        return exact(wish.seconds or default)
    except ValueError:
        raise SizeError(f"'{wish.seconds}' is no duration; give seconds, such as 4 or 2.5", param="seconds") from None
