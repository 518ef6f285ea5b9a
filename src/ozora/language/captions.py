"""The caption grammar: from a statement to English, in many phrasings, synonyms and clause orders.

A caption says all of a statement or a part of it, and returns exactly the part that it says.
"""

from __future__ import annotations

from dataclasses import replace

from ozora.language.cast import ACTS, CAST
from ozora.language.facts import Caption, Fact, Ref, Statement
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import COLOR_SYNONYMS, COUNTS, NOUNS, SIZE_SYNONYMS

SYNONYM_SHARE = 0.15
"""How often a color, noun or size is said in another word."""

THIRD = {"fly": "flies"}
SAYS = ("that says", "with the word", "that reads")
"""How a caption says what stands on a sign."""
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "in a green meadow", "on the grass", "in a field"),
    "desert": ("in the desert", "in a desert", "on the sand", "in a sandy desert"),
    "snow": ("in the snow", "on the snow", "in a snowy landscape", "in a snowy field"),
    "city street": ("on a city street", "in a city", "on the street", "in town"),
    "room": ("in a room", "indoors", "on a wooden floor", "at home in a room"),
    "sea": ("on the sea", "at sea", "on the water", "on the ocean"),
}
TIME_PHRASES: dict[str, tuple[str, ...]] = {
    "morning": ("in the morning", "at dawn", "at sunrise"),
    "day": ("by day", "during the day", "in daylight", "at noon"),
    "sunset": ("at sunset", "in the evening", "at dusk", "as the sun sets"),
    "night": ("at night", "under the stars", "by night", "after dark"),
}
WEATHER_PHRASES: dict[str, tuple[str, ...]] = {
    "clear": ("under a clear sky", "in clear weather"),
    "rain": ("in the rain", "while it rains", "on a rainy day"),
    "snowfall": ("while it snows", "in falling snow", "as snow falls"),
    "fog": ("in the fog", "in thick fog", "in mist"),
}
SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "place": PLACE_PHRASES,
    "time": TIME_PHRASES,
    "weather": WEATHER_PHRASES,
}
CAMERA_PHRASES = {
    "pan left": ("the camera pans left", "the camera turns to the left"),
    "pan right": ("the camera pans right", "the camera turns to the right"),
    "tilt up": ("the camera tilts up", "the camera looks up"),
    "tilt down": ("the camera tilts down", "the camera looks down"),
    "zoom in": ("the camera zooms in", "slow zoom in"),
    "zoom out": ("the camera zooms out", "slow zoom out"),
    "dolly in": ("the camera moves in", "the camera pushes in", "dolly in"),
    "dolly out": ("the camera moves out", "the camera pulls back", "dolly out"),
    "orbit left": ("the camera orbits left", "the camera circles to the left"),
    "orbit right": ("the camera orbits right", "the camera circles to the right"),
    "follow": ("the camera follows it", "the camera follows along"),
    "cut": ("then a cut to another angle", "cut to a second camera"),
}


def article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def _word(rng: Rng, word: str, synonyms: tuple[str, ...]) -> str:
    return pick(rng, synonyms) if synonyms and rng.random() < SYNONYM_SHARE else word


def name(rng: Rng, ref: Ref) -> str:
    """A noun phrase: "a big red ball", "three red balls", "a woman in a red dress", "a sign that says OPEN"."""
    noun, member = NOUNS[ref.noun], CAST.get(ref.noun)
    tail = f" {pick(rng, list(SAYS))} {ref.word}" if ref.word and not member else ""
    words = [_word(rng, ref.size, SIZE_SYNONYMS.get(ref.size, ()))] if ref.size else []
    color = _word(rng, ref.color, COLOR_SYNONYMS.get(ref.color, ())) if ref.color else ""
    if member is not None:
        if ref.count > 1:
            return " ".join([COUNTS[ref.count], *words, member.called(color, plural=True)])
        bare = not color and noun.synonyms and rng.random() < 0.2
        return article(" ".join([*words, pick(rng, noun.synonyms) if bare else member.called(color)]))
    words += [color] if color else []
    if ref.count > 1:
        return " ".join([COUNTS[ref.count], *words, noun.plural or ref.noun + "s"])
    return article(" ".join([*words, _word(rng, ref.noun, noun.synonyms)])) + tail


def _third(verb: str) -> str:
    return THIRD.get(verb, verb + "s")


def _ing(verb: str) -> str:
    return {"run": "running", "swim": "swimming", "hop": "hopping"}.get(
        verb, (verb[:-1] if verb.endswith("e") else verb) + "ing"
    )


def _go(rng: Rng, verb: str, rest: str) -> str:
    verb = "move" if rng.random() < 0.12 else verb
    return f"is {_ing(verb)} {rest}" if rng.random() < 0.2 else f"{_third(verb)} {rest}"


PLAIN_WAYS = {"left": "to the left", "right": "to the right", "toward": "toward the camera", "away": "away"}


def plural_action(rng: Rng, noun: str, kind: str, manner: str) -> str:
    """What several things do, as a verb phrase."""
    if kind in ACTS:
        return ACTS[kind].plural
    if kind in PLAIN_WAYS:
        return f"{manner or NOUNS[noun].verb} {PLAIN_WAYS[kind]}"
    if kind == "stand":
        return pick(rng, ["stand still", "stand there", "do not move"])
    return pick(rng, ["jump", "jump up and down", "hop", "are jumping"])


def action(rng: Rng, noun: str, kind: str, manner: str = "") -> str:
    """What a thing does, as a verb phrase in the third person."""
    if kind in ACTS:
        return pick(rng, ACTS[kind].phrases)
    verb = manner or NOUNS[noun].verb
    if manner == "run" and "horse" in noun and rng.random() < 0.3:
        verb = "gallop"
    if kind in ("left", "right"):
        other = "right" if kind == "left" else "left"
        return _go(rng, verb, pick(rng, [kind, f"to the {kind}", f"to the {kind}", f"from {other} to {kind}"]))
    if kind == "toward":
        return _go(rng, verb, pick(rng, ["toward the camera", "towards us", "toward the viewer", "closer"]))
    if kind == "away":
        return _go(rng, verb, pick(rng, ["away", "away from the camera", "away from us", "into the distance"]))
    phrases = {
        "stand": ("stands still", "is standing", "does not move", "stands there"),
        "jump": ("jumps", "jumps up and down", "hops", "is jumping"),
        "bounce": ("bounces", "bounces up and down", "is bouncing"),
        "spin": ("spins", "spins around", "turns around on the spot", "is spinning", "rotates"),
        "fall": ("falls from the sky", "falls down", "drops to the ground"),
        "rise": ("rises into the sky", "takes off", "rises up"),
        "orbit": ("circles around", "orbits", "goes around"),
        "follow": ("follows", "comes after", "goes behind"),
        "hide": ("hides behind", "goes and hides behind"),
    }
    return pick(rng, phrases[kind])


def _relation(rng: Rng, value: str, first: str, second: str) -> str:
    if value in ("left", "right"):
        other = "right" if value == "left" else "left"
        forms = [
            f"{first} to the {value} of {second}",
            f"{first} is {value} of {second}",
            f"{first} on the {value} and {second} on the {other}",
            f"on the {value} {first}, on the {other} {second}",
            f"{second} with {first} on its {value}",
            f"{first} {value} of {second}",
        ]
        return pick(rng, forms)
    words = {"front": "in front of", "behind": "behind", "on": "on top of", "under": "under"}
    return f"{first} {pick(rng, ['is ', ''])}{words[value]} {second}"


def _event(rng: Rng, fact: Fact, names: list[str]) -> str:
    subject = names[fact.subject or 0]
    actor = names[fact.object] if fact.object is not None else ""
    if fact.value.startswith("paint"):
        color = fact.value.split()[1]
        return pick(rng, [f"{subject} is painted {color}", f"{subject} turns {color}", f"{subject} becomes {color}"])
    forms = {
        "bite": (f"a bite is taken out of {subject}", f"someone bites into {subject}", f"{subject} is bitten"),
        "switch on": (f"{subject} is switched on", f"{subject} lights up", f"{subject} is turned on"),
        "topple": (f"{actor} knocks over {subject}", f"{subject} is knocked over by {actor}"),
        "collide": (f"{actor} hits {subject}", f"{actor} bumps into {subject}", f"{actor} collides with {subject}"),
        "enter": (f"{subject} goes into {actor} and comes out", f"{subject} enters {actor} and comes out again"),
    }
    return pick(rng, forms[fact.value])


def _main_clause(rng: Rng, statement: Statement) -> str:
    names = [name(rng, ref) for ref in statement.things]
    events = [fact for fact in statement.facts if fact.kind == "event"]
    motions = [fact for fact in statement.facts if fact.kind == "motion"]
    relations = [fact for fact in statement.facts if fact.kind == "relation"]
    if events:
        return _event(rng, events[0], names)
    nouns = [ref.noun for ref in statement.things]
    many = statement.things[0].count > 1

    def does(fact: Fact) -> str:
        phrase = action(rng, nouns[fact.subject or 0], fact.value, fact.manner)
        if not many:
            return phrase
        return plural_action(rng, nouns[0], fact.value, fact.manner)

    if relations:
        clause = _relation(rng, relations[0].value, names[0], names[1])
        return f"{clause}, the {nouns[0]} {does(motions[0])}" if motions else clause
    if not motions:
        return " and ".join(names)
    first = motions[0]
    if first.object is None:
        return f"{names[0]} {does(first)}"
    if first.value in ("left", "right"):
        link = pick(rng, ["past", "past", "by"])
        forms = [f"{names[0]} {does(first)} {link} {names[1]}", f"{names[0]} {does(first)} and passes {names[1]}"]
        return pick(rng, forms)
    clause = f"{names[0]} {does(first)} {names[1]}"
    if len(motions) > 1:
        clause += f" which {does(motions[1])}" if rng.random() < 0.6 else f", the {nouns[1]} {does(motions[1])}"
    return clause


def _setting(rng: Rng, facts: tuple[Fact, ...]) -> list[str]:
    return [pick(rng, SETTINGS[fact.kind][fact.value]) for fact in facts if fact.kind in SETTINGS]


def _selected(rng: Rng, statement: Statement, complete: bool) -> Statement:
    """The part of a statement that a caption will say."""
    keep = {"place": 0.8, "time": 0.7, "weather": 0.9, "camera": 0.8}
    facts = []
    for fact in statement.facts:
        if fact.kind == "weather" and fact.value == "clear" and not (complete and rng.random() < 0.15):
            continue
        if fact.kind == "motion" and fact.value == "stand" and rng.random() < 0.5:
            continue
        if complete or fact.kind not in keep or rng.random() < keep[fact.kind] * 0.6:
            facts.append(fact)
    things = tuple(replace(ref, size="" if ref.size == "medium" else ref.size) for ref in statement.things)
    return Statement(things=things, facts=tuple(facts))


def write_caption(rng: Rng, statement: Statement, *, complete: bool | None = None) -> Caption:
    """One caption of a statement; ``complete`` says everything, else some of the setting is left out at random."""
    complete = bool(rng.random() < 0.6) if complete is None else complete
    said = _selected(rng, statement, complete)
    text = _main_clause(rng, said)
    setting = _setting(rng, said.facts)
    if len(setting) > 1 and rng.random() < 0.35:
        setting = setting[::-1]
    if setting and rng.random() < 0.2:
        text = f"{setting[0]}, {text}"
        setting = setting[1:]
    text = " ".join([text, *setting])
    cameras = [fact.value for fact in said.facts if fact.kind == "camera"]
    if cameras:
        text += ", " + pick(rng, CAMERA_PHRASES[cameras[0]])
    things = tuple(replace(ref, word="") if ref.count > 1 else ref for ref in said.things)  # unsaid of several signs
    return Caption(text=text, statement=replace(said, things=things))
