"""A request on the wire becomes a plan. Whatever the pipeline cannot do yet is refused here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ozora import edit
from ozora.errors import CapabilityError, SizeError
from ozora.pipeline import make_plan
from ozora.plan import Layout, Plan
from ozora.server.models import OTHERS_SECONDS, OTHERS_SIZE, is_alias, resolve
from ozora.timecode import exact

DEFAULT_MODEL = "sora-2"
DEFAULT_STRENGTH = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client asks for, in the words of the wire. ``image`` and ``video`` are files of this machine."""

    verb: str
    prompt: str
    model: str = DEFAULT_MODEL
    seconds: str | None = None
    size: str | None = None
    fps: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str | None = None
    strength: float | None = None
    image: Path | None = None
    video: Path | None = None


def plan_of(wish: Wish, aliases: dict[str, str]) -> Plan:
    """The plan that a wish asks for; ``UserError`` says what to change."""
    if wish.strength is not None and wish.verb not in ("remix", "edit"):
        raise CapabilityError("'strength' is for remixes and edits; leave it out")
    layout = _layout(wish)
    foreign = layout is None and is_alias(wish.model, aliases)
    return make_plan(
        wish.prompt,
        model=resolve(wish.model, aliases),
        seconds=(wish.seconds if layout is None else None) or (OTHERS_SECONDS if foreign else None),
        size=wish.size or (OTHERS_SIZE if foreign else None),
        fps=wish.fps,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        negative=wish.negative_prompt or "",
        image=wish.image,
        layout=layout,
    )


def _layout(wish: Wish) -> Layout | None:
    """What the verb does with its clip; ``None`` for a new video."""
    if wish.video is None:
        return None
    source = edit.read_source(wish.video)
    if wish.verb in ("remix", "edit"):
        strength = DEFAULT_STRENGTH if wish.strength is None else wish.strength
        return edit.remix(source, strength=Fraction(strength).limit_denominator(1000))
    try:
        more_s = exact(wish.seconds or OTHERS_SECONDS)
    except ValueError:
        raise SizeError(f"'{wish.seconds}' is no duration; give seconds, such as 4 or 2.5") from None
    return edit.extend(source, after_s=more_s)
