"""Sentences: a statement in the plainest words of the caption grammar, which the model knows best."""

from __future__ import annotations

from dataclasses import replace

from ozora.language.captions import CAMERA_PHRASES, PLAIN_WAYS, article
from ozora.language.cast import ACTS, CAST
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.lexicon import ACTIONS, BOUND_ACTIONS, RELATIONS, forms, settings
from ozora.language.prompt_parser import SETTING, parse_prompt
from ozora.language.vocabulary import COUNTS, NOUNS


def name_word(kind: str, value: str) -> str:
    """A word as it stands in a sentence: "a robot", "a city street", "jumping"."""
    if kind == "noun" or value in ("meadow", "city street", "room"):
        return article(value)
    if value in ("desert", "sea"):
        return f"the {value}"
    if value in ACTS:
        return next(phrase for phrase in ACTS[value].phrases if phrase.startswith("is ")).removeprefix("is ")
    return forms(ACTIONS[value][0])[2] if value in ACTIONS and value != "stand" else value


def _name(ref: Ref) -> str:
    member = CAST.get(ref.noun)
    words = [ref.size] if ref.size else []
    if member is not None:
        words.append(member.called(ref.color, plural=ref.count > 1))
        return " ".join([COUNTS[ref.count], *words]) if ref.count > 1 else article(" ".join(words))
    words += [ref.color] if ref.color else []
    if ref.count > 1:
        return " ".join([COUNTS[ref.count], *words, NOUNS[ref.noun].plural or f"{ref.noun}s"])
    return article(" ".join([*words, ref.noun])) + (f" that says {ref.word}" if ref.word else "")


def _does(ref: Ref, fact: Fact) -> str:
    """A motion as a verb phrase, in the plural for a group."""
    many = ref.count > 1
    if fact.value in ACTS:
        return ACTS[fact.value].plural if many else ACTS[fact.value].phrases[0]
    form = 0 if many else 1
    if fact.value in PLAIN_WAYS:
        past = " past" if fact.object is not None else ""
        return f"{forms(fact.manner or NOUNS[ref.noun].verb)[form]} {PLAIN_WAYS[fact.value]}{past}"
    return forms({**ACTIONS, **BOUND_ACTIONS}[fact.value][0])[form]


EVENT_FORMS = {
    "bite": "a bite is taken out of {0}",
    "switch on": "{0} is switched on",
    "topple": "{1} knocks over {0}",
    "collide": "{1} hits {0}",
    "enter": "{0} goes into {1} and comes out",
}


def _event_clause(fact: Fact, names: list[str]) -> str:
    subject, other = names[fact.subject or 0], names[fact.object] if fact.object is not None else ""
    if fact.value.startswith("paint"):
        return f"{subject} is painted {fact.value.split()[1]}"
    if fact.value == "topple" and not other:
        return f"{subject} is knocked over"
    return EVENT_FORMS[fact.value].format(subject, other)


def sentence(statement: Statement) -> str:
    """A statement in the plainest words of the caption grammar; "" for an empty one."""
    named: set[int] = set()
    names = [_name(ref) for ref in statement.things]

    def call(number: int) -> str:
        again = number in named
        named.add(number)
        return f"the {statement.things[number].noun}" if again else names[number]

    clauses: list[str] = []
    order = {"event": 0, "relation": 1, "motion": 2}
    for fact in sorted(statement.facts, key=lambda fact: order.get(fact.kind, 3)):
        if fact.kind == "event":
            clauses.append(_event_clause(fact, names))
            told = [number for number in (fact.subject, fact.object) if number is not None]
            named |= {number for number in told if names[number] in clauses[-1]}
        elif fact.kind == "relation" and fact.subject is not None and fact.object is not None:
            words = RELATIONS[fact.value][0]
            clauses.append(f"{call(fact.subject)} {words} {call(fact.object)}")
        elif fact.kind == "motion" and fact.subject is not None:
            clause = f"{call(fact.subject)} {_does(statement.things[fact.subject], fact)}"
            clauses.append(clause if fact.object is None else f"{clause} {call(fact.object)}")
    rest = [names[i] for i in range(len(names)) if i not in named]
    text = ", ".join(clauses)
    text = " and ".join([*([text] if text else []), *rest])
    tables = settings()
    for kind in ("place", "time", "weather"):
        text += "".join(f" {tables[kind][fact.value][0]}" for fact in statement.facts if fact.kind == kind)
    camera = [CAMERA_PHRASES[fact.value][0] for fact in statement.facts if fact.kind == "camera"]
    return ", ".join([text.strip(), *camera]) if text else ", ".join(camera)


def name_fact(fact: Fact, statement: Statement) -> str:
    """One fact of a statement in words: "a red ball", "a robot left of a tree", "in the snow"."""
    numbers = [number for number in (fact.subject, fact.object) if number is not None]
    things = tuple(statement.things[number] for number in numbers)
    alone = replace(
        fact,
        subject=None if fact.subject is None else numbers.index(fact.subject),
        object=None if fact.object is None else numbers.index(fact.object),
    )
    return sentence(Statement(things=things, facts=(alone,)))


def restyle(text: str, style: str) -> str:
    """What a prompt says, in another setting: place, time, weather and camera of ``style`` take the place of its own.
    The words of a style that is none of these are added as they are."""
    old, new = parse_prompt(text).statement, parse_prompt(style).statement
    fresh = tuple(fact for fact in new.facts if fact.kind in SETTING)
    if not fresh or not old.things:
        return f"{text}, {style}"
    kinds = {fact.kind for fact in fresh}
    kept = tuple(fact for fact in old.facts if fact.kind not in kinds)
    return sentence(replace(old, facts=(*kept, *fresh)))
