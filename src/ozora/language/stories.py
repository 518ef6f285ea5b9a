"""Stories: from a few sentences to the moments that they tell, each a prompt of its own.

A clause is a moment. What was said of a thing or of the place holds on: "it" and "the robot" keep their color, and the
meadow stays until another place is named. A new place or time of day is a new shot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ozora.language.adaptation import adapt, unsupported_words
from ozora.language.captions import article
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import sentence
from ozora.language.vocabulary import FULL

CLAUSES = re.compile(
    r"[.;!?\n]+|,?\s*\b(?:and\s+)?(?:then|after\s+that|afterwards|next|finally|at\s+last)\b,?", re.IGNORECASE
)
FIRST = re.compile(r"^\s*(?:and|first|at\s+first|once\s+upon\s+a\s+time)\b,?\s*", re.IGNORECASE)
PRONOUN = re.compile(r"\b(it|he|she)\b", re.IGNORECASE)
HOLDS = ("place", "time", "weather")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is seen for a while, and whether it goes on in the shot before it; ``plain`` says that every word of the
    clause is one of the stage's."""

    statement: Statement
    goes_on: bool = False
    plain: bool = True

    @property
    def text(self) -> str:
        """The moment as a prompt of its own."""
        return sentence(self.statement)


def tell(story: str) -> tuple[Moment, ...]:
    """The moments of a story, in order; a clause in which nothing is understood is left out."""
    moments: list[Moment] = []
    cast: list[Ref] = []
    setting: dict[str, Fact] = {}
    for clause in filter(None, (FIRST.sub("", part or "").strip() for part in CLAUSES.split(story))):
        named = PRONOUN.sub(f"the {cast[-1].noun}", clause, count=1) if cast else clause
        reading = parse_prompt(named)
        statement = adapt(reading, FULL)
        before = dict(setting)
        setting |= {fact.kind: fact for fact in statement.facts if fact.kind in HOLDS}
        if not statement.things and moments and setting != before:
            statement = moments[-1].statement  # "night falls"
        if not statement.things:
            continue
        things = tuple(_remember(ref, cast) for ref in statement.things)
        cast = [*(ref for ref in cast if ref not in things), *reversed(things)]
        facts = (*(fact for fact in statement.facts if fact.kind not in HOLDS), *setting.values())
        goes_on = bool(moments) and setting == before
        whole = Statement(things=things, facts=facts)
        moments.append(Moment(statement=whole, goes_on=goes_on, plain=not unsupported_words(reading, FULL)))
    return tuple(moments)


def _remember(ref: Ref, cast: Sequence[Ref]) -> Ref:
    """The thing with the color and size that it was given before."""
    for other in reversed(cast):
        if other.noun == ref.noun and ref.color in ("", other.color):
            return replace(ref, color=other.color, size=ref.size or other.size)
    return ref


def spans(text: str) -> tuple[str, ...]:
    """The prompts of one shot that something happens in after something else: "first ..., then ..."; else the text."""
    moments = tell(text) if re.search(r"\bthen\b", text, re.IGNORECASE) else ()
    doing = [any(fact.kind in ("motion", "event") for fact in moment.statement.facts) for moment in moments]
    plain = all(moment.plain for moment in moments)
    whole = len(moments) > 1 and plain and all(doing) and all(moment.goes_on for moment in moments[1:])
    return tuple(moment.text for moment in moments) if whole else (text,)


def names(moments: Sequence[Moment]) -> dict[str, str]:
    """The cast: a name for each thing that is in more than one moment, and how it looks ("a yellow robot")."""
    seen: dict[tuple[str, str, str], int] = {}
    for moment in moments:
        for ref in set(moment.statement.things):
            if ref.count == 1:
                seen[(ref.noun, ref.color, ref.size)] = seen.get((ref.noun, ref.color, ref.size), 0) + 1
    cast: dict[str, str] = {}
    for (noun, color, size), count in seen.items():
        if count > 1:
            name = noun if noun not in cast else f"{color or size or 'other'}_{noun}"
            cast[name.replace(" ", "_")] = article(" ".join(word for word in (size, color, noun) if word))
    return cast
