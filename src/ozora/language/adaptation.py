"""Adaptation: what a model of a smaller world is asked for instead of what a prompt states, and what the user is told.

What a prompt leaves open is decided here as well, so that it can be said.
"""

from __future__ import annotations

from dataclasses import replace

from ozora.language.captions import SETTINGS, article
from ozora.language.cast import ACTS, AFLOAT, CAST
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.prompt_parser import ParsedPrompt, color_distance
from ozora.language.sentences import name_word
from ozora.language.vocabulary import COUNTS, FULL, NOUNS, TOYS, WORDS, Vocabulary

NEAREST: dict[str, tuple[str, ...]] = {
    "person": ("robot",),
    "robot": ("person",),
    "cat": ("dog", "horse"),
    "dog": ("cat", "horse"),
    "horse": ("dog", "cat"),
    "bird": ("balloon", "rocket"),
    "fish": ("bird", "boat"),
    "car": ("truck",),
    "truck": ("car",),
    "boat": ("car",),
    "rocket": ("cone", "bird"),
    "balloon": ("ball",),
    "house": ("tower", "cube"),
    "tree": ("cone",),
    "table": ("cube",),
    "chair": ("cube",),
    "lamp": ("tree", "cone"),
    "cookie": ("ring", "ball"),
    "sign": ("cube",),
    "tower": ("house",),
    "cylinder": ("cube",),
    "pyramid": ("cone",),
    "ring": ("ball",),
    "room": ("city street",),
    "sea": ("meadow",),
    "morning": ("day",),
    "bounce": ("jump",),
    "black": ("blue",),
    "gray": ("white",),
    "brown": ("orange",),
    "snowfall": ("fog",),
}
"""What comes next best where a model lacks a word; then colors go by distance, nouns by family."""
KIN = {"person": "person", "building": "house", "plant": "tree", "vehicle": "boat", "animal": "dog"}
"""The toy that stands for a family of the cast."""


def _known_words(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    return {
        "noun": vocabulary.nouns,
        "color": vocabulary.colors,
        "size": ("", *vocabulary.sizes),
        "place": vocabulary.places,
        "time": vocabulary.times,
        "weather": vocabulary.weathers,
        "camera": (*vocabulary.cameras, *(("cut",) if len(vocabulary.cameras) > 1 else ())),
        "motion": vocabulary.motions,
        "relation": vocabulary.relations,
        "event": vocabulary.events,
    }


def nearest(kind: str, value: str, vocabulary: Vocabulary) -> str | None:
    """The word of ``vocabulary`` for ``value``: itself, the next best, or ``None``."""
    known = _known_words(vocabulary)[kind]
    if kind == "event":
        return value if value.split()[0] in {event.split()[0] for event in known} else None
    if value in known:
        return value
    close: list[str] = [*NEAREST.get(value, ())]
    if kind == "color":
        close += sorted(known, key=lambda color: color_distance(color, value))
    elif kind == "noun":
        if value in CAST:
            toys = [noun for noun in (CAST[value].noun, KIN[CAST[value].family]) if noun in TOYS]
            close += [word for toy in toys for word in (toy, *NEAREST.get(toy, ()))]
        close += [noun for noun in known if NOUNS[noun].family == NOUNS[value].family]
    return next((word for word in close if word in known), None)


def _does(noun: str, value: str) -> str:
    """A motion as a thing can do it: what it cannot do on the spot, it stands for."""
    acts = CAST[noun].acts if noun in CAST else ()
    return "stand" if value in ACTS and value not in acts else value


def adapt(parsed: ParsedPrompt, vocabulary: Vocabulary) -> Statement:
    """What a model with ``vocabulary`` can be asked for instead: nearest words, what has none left out."""
    statement = parsed.statement
    way = nearest("motion", "right", vocabulary)
    extra = [
        Fact(kind="motion", value=way, subject=going.number, object=going.past, manner=going.manner)
        for going in parsed.aimless
        if way
    ]
    kept: dict[int, int] = {}
    things: list[Ref] = []
    for i, ref in enumerate(statement.things):
        noun = nearest("noun", ref.noun, vocabulary)
        if noun is not None and len(things) < vocabulary.max_things:
            kept[i] = len(things)
            color = nearest("color", ref.color, vocabulary) or "" if ref.color else ""
            size = nearest("size", ref.size, vocabulary) or ""
            things.append(replace(ref, noun=noun, color=color, size=size, count=min(ref.count, vocabulary.max_count)))
    facts: list[Fact] = []
    for fact in (*statement.facts, *extra):
        if fact.subject is not None and fact.subject not in kept:
            continue
        value = fact.value if fact.kind == "exists" else nearest(fact.kind, fact.value, vocabulary)
        target = kept.get(fact.object) if fact.object is not None else None
        lost = fact.object is not None and target is None and fact.value not in ("left", "right", "bite")
        if value is None or lost or (fact.kind == "relation" and target is None):
            continue
        subject, manner = None, ""
        if fact.subject is not None:
            subject = kept[fact.subject]
            noun = things[subject].noun
            value = _does(noun, value) if fact.kind == "motion" else value
            manner = fact.manner if noun in CAST and fact.manner in CAST[noun].gaits else ""
        facts.append(replace(fact, value=value, subject=subject, object=target, manner=manner))
    return Statement(things=tuple(things), facts=tuple(facts))


def unsupported_words(parsed: ParsedPrompt, vocabulary: Vocabulary = FULL) -> tuple[str, ...]:
    """What of a prompt a model does not know or cannot show, and what is drawn instead; a sentence each."""
    lines: list[str] = []
    statement = adapt(parsed, vocabulary)
    stated = {(fact.kind, fact.value) for fact in parsed.statement.facts}
    for said in parsed.said:
        kind, (value, _, toy) = said.kind, said.value.split("=")[0].partition("/")
        if kind in ("motion", "relation", "event") and (kind, value) not in stated:
            continue  # "on" in "on the moon"
        if kind == "color" and not _is_shown(value, parsed.statement):
            lines.append(f"'{said.word}' is left out: nothing that it is said of comes in that color")
            continue
        if kind == "noun" and said.loose and value in CAST:
            lines.append(f"'{said.word}' is drawn as {_drawn(value, parsed.statement, vocabulary)}")
            continue
        instead = nearest(kind, value, vocabulary)
        if instead is None:
            lines.append(f"'{said.word}' is not known to this model and is left out")
        elif said.loose or instead not in (value, toy):
            lines.append(f"'{said.word}' is drawn as {name_word(kind, instead)}")
    lines += [f"'{word}' means nothing to this model and is left out" for word in parsed.unknown]
    new = [ref.word for ref in statement.things if ref.word and ref.word not in WORDS]
    lines += [
        f"'{word}' is none of the words that the model has seen on signs: it may come out otherwise" for word in new
    ]
    lines += _unable(parsed.statement, vocabulary)
    things = [ref for ref in parsed.statement.things if nearest("noun", ref.noun, vocabulary)]
    most = vocabulary.max_things
    lines += [f"the {ref.noun} is left out: this model draws at most {most} things" for ref in things[most:]]
    if any(ref.count > vocabulary.max_count for ref in things):
        lines.append(f"this model draws at most {COUNTS[vocabulary.max_count]} of a kind")
    nouns = [parsed.statement.things[going.number].noun for going in parsed.aimless]
    lines += [f"no direction is given for the {noun}; it goes to the right" for noun in nouns]
    return tuple(dict.fromkeys(lines))


def _is_shown(color: str, statement: Statement) -> bool:
    """Whether something of a statement has a color, or comes to have it."""
    named = any(color == ref.color or color in ref.noun.split() for ref in statement.things)
    return named or any(fact.value == f"paint {color}" for fact in statement.facts)


def _drawn(noun: str, statement: Statement, vocabulary: Vocabulary) -> str:
    """What is drawn for a stand-in: the thing of the statement that came of it."""
    for ref in statement.things:
        if ref.noun in CAST and CAST[ref.noun].noun == CAST[noun].noun and ref.noun in vocabulary.nouns:
            return article(CAST[ref.noun].called(ref.color))
    return name_word("noun", nearest("noun", noun, vocabulary) or noun)


def _unable(statement: Statement, vocabulary: Vocabulary) -> list[str]:
    """What things are asked to do on the spot that they cannot do."""
    lines = []
    for fact in statement.facts:
        if fact.kind == "motion" and fact.value in ACTS and fact.subject is not None:
            noun = nearest("noun", statement.things[fact.subject].noun, vocabulary)
            if noun is not None and _does(noun, fact.value) != fact.value:
                who, act = name_word("noun", noun), name_word("motion", fact.value)
                lines.append(f"this model cannot show {who} {act}: it stands")
    return lines


def add_default_relation(statement: Statement) -> Statement:
    """The same where two things are told their places: who is named first goes past the other, or stands on its left.

    It holds for two single things between which a prompt leaves all open. Painted undecided they fall upon each other.
    """
    if len(statement.things) != 2 or any(ref.count > 1 for ref in statement.things):
        return statement
    if any(fact.object is not None or fact.kind == "event" for fact in statement.facts):
        return statement
    for number, fact in enumerate(statement.facts):
        if fact.kind == "motion" and fact.value in ("left", "right") and fact.subject is not None:
            past = replace(fact, object=1 - fact.subject)
            return replace(statement, facts=(*statement.facts[:number], past, *statement.facts[number + 1 :]))
    return replace(statement, facts=(*statement.facts, Fact(kind="relation", value="left", subject=0, object=1)))


def default_setting(statement: Statement) -> tuple[Fact, ...]:
    """Place and time for a statement that says neither: by day, in a meadow, or at sea where something swims or
    sails."""
    said = {fact.kind for fact in statement.facts}
    at_sea = any(ref.noun in (*AFLOAT, "boat", "fish") for ref in statement.things)
    defaults = (Fact(kind="place", value="sea" if at_sea else "meadow"), Fact(kind="time", value="day"))
    return tuple(fact for fact in defaults if fact.kind not in said)


def add_default_setting(statement: Statement) -> Statement:
    """The same with the place and the time of day that nobody asked for."""
    return replace(statement, facts=(*statement.facts, *default_setting(statement)))


def default_notes(statement: Statement) -> tuple[str, ...]:
    """What is decided for a statement that says no place or time; a sentence, or none."""
    facts = default_setting(statement)
    if not facts or not statement.things:
        return ()
    kinds = " or ".join(fact.kind for fact in facts)
    return (f"no {kinds} is given: painted {' '.join(SETTINGS[fact.kind][fact.value][0] for fact in facts)}",)
