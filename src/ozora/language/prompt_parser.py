"""The reader: from English to a statement, the way back of ``captions.py``; also for prompts that leave the stage.

A word scanner, not a parser of English. Tokens of the lexicon are taken one by one into things, motions, relations,
events and the setting. Every caption of the grammar is read back exactly; free prompts are read as far as their words
go, and what could not be read is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ozora.language.captions import CAMERA_PHRASES, article
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.lexicon import ACTIONS, BOUND_ACTIONS, RELATIONS, WAYS, Said, forms, settings, tokens
from ozora.language.vocabulary import COLORS, COUNTS, FULL, NOUNS, Vocabulary

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPrompt:
    """What a prompt states, things in order of mention; ``said`` by which words, ``unknown`` those without meaning on
    the stage, ``aimless`` the things that go in no stated direction (and what they pass, if anything)."""

    statement: Statement
    said: tuple[Said, ...] = ()
    unknown: tuple[str, ...] = ()
    aimless: tuple[tuple[int, int | None], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Plain sentences on what was read freely."""
        seen = dict.fromkeys(f"'{s.word}' is read as {_phrase(s.kind, s.value)}" for s in self.said if s.loose)
        nouns = [self.statement.things[i].noun for i, _ in self.aimless]
        return (*seen, *(f"no direction is given for the {noun}; it goes to the right" for noun in nouns))


SETTING = ("place", "time", "weather", "camera")
PLAIN_KIND = {"nouns": "noun", "way": "motion", "bound": "motion", "side": "relation", "own side": "relation"}
Slot = Callable[[int], None]


class _Reader:
    """Takes tokens one by one. ``subjects`` is who the next verb speaks of, ``slot`` what the next thing completes."""

    def __init__(self) -> None:
        self.things: list[Ref] = []
        self.facts: list[Fact] = []
        self.setting: dict[str, Fact] = {}
        self.subjects: list[int] = []
        self.slot: Slot | None = None
        self.sides: dict[int, str] = {}
        self.next_side = ""
        self.going: dict[int, int | None] = {}
        self.held: list[Said] = []
        self.phrase: dict[str, str] = {}
        self.before = "stop"
        self.joined = False
        self.riding = False

    def take(self, token: Said, after: str) -> None:
        """One token; ``after`` is the kind of the next."""
        kind = token.kind
        if kind in ("article", "count", "color", "size"):
            self.phrase[kind] = token.value
        elif kind in ("noun", "nouns"):
            if after not in ("noun", "nouns"):  # in "robot dog" only the last is a thing
                self._take_thing(token)
        elif kind in SETTING:
            self.setting.setdefault(kind, Fact(kind=kind, value=token.value))
            self.phrase, self.slot = {}, None
        elif (kind in ("go", "motion") and self.phrase) or (kind in ("go", "motion", "way") and not self.subjects):
            self.held.append(token)  # "a running dog", "running left, a dog"
        elif kind in TAKE:
            self._end_phrase()
            self.riding = False
            TAKE[kind](self, token)
        if kind == "and":
            self.joined = self.before in ("noun", "nouns")
        elif kind not in ("article", "count", "color", "size", "noun", "nouns"):
            self.joined = False
        if kind != "unknown":
            self.before = kind

    def _end_phrase(self) -> None:
        """Adjectives without a noun speak of the last thing: "the ball is red"."""
        color = self.phrase.get("color", "")
        if color and self.subjects and not self.things[self.subjects[-1]].color:
            self.things[self.subjects[-1]] = replace(self.things[self.subjects[-1]], color=color)
        self.phrase = {}

    def _known(self, ref: Ref) -> int | None:
        """The thing that "the ball" speaks of, when there is one already."""
        fits = [
            i
            for i, thing in enumerate(self.things)
            if thing.noun == ref.noun and ref.color in ("", thing.color) and ref.size in ("", thing.size)
        ]
        related = [fact.subject for fact in self.facts if fact.kind == "relation" and fact.subject in fits]
        return related[0] if related else fits[-1] if fits else None

    def _take_thing(self, token: Said) -> None:
        phrase, self.phrase = self.phrase, {}
        count = int(phrase.get("count", "2" if token.kind == "nouns" else "1"))
        ref = Ref(noun=token.value, color=phrase.get("color", ""), size=phrase.get("size", ""), count=count)
        number = self._known(replace(ref, count=1)) if phrase.get("article") == "the" else None
        if number is None:
            number = len(self.things)
            self.things.append(ref)
            if self.next_side:
                self._put_side(number, self.next_side)
                self.next_side = ""
        if self.slot is not None:
            self.slot(number)
            self.slot = None
        elif self.riding:
            self.going = {**{rider: on for rider, on in self.going.items() if rider not in self.subjects}, number: None}
            self.subjects = [number]
        else:
            self.subjects = [*self.subjects, number] if self.joined else [number]
        self.riding = False
        held, self.held = self.held, []
        for verb in held:
            TAKE[verb.kind](self, verb)

    def _put_side(self, number: int, side: str) -> None:
        self.sides[number] = side
        if len(self.sides) == 2:
            first, second = self.sides
            self.facts.append(Fact(kind="relation", value=self.sides[first], subject=first, object=second))

    def _move(self, number: int, value: str, target: int | None = None) -> None:
        if not any(fact.kind == "motion" and fact.subject == number for fact in self.facts):
            target = self.going.pop(number, None) if target is None else target
            self.facts.append(Fact(kind="motion", value=value, subject=number, object=target))

    def take_go(self, token: Said) -> None:
        self.riding = token.value == "ride"
        for number in self.subjects:
            self.going.setdefault(number, None)

    def take_motion(self, token: Said) -> None:
        for number in self.subjects:
            self._move(number, token.value)

    def take_bound(self, token: Said) -> None:
        subjects = list(self.subjects)

        def complete(target: int) -> None:
            for number in subjects:
                self._move(number, token.value, target)

        self.slot = complete

    def take_past(self, _: Said) -> None:
        subjects = list(self.subjects)

        def complete(target: int) -> None:
            for i, fact in enumerate(self.facts):
                if fact.kind == "motion" and fact.subject in subjects and fact.value in ("left", "right"):
                    self.facts[i] = replace(fact, object=target)
            for number in subjects:
                if number in self.going:
                    self.going[number] = target

        self.slot = complete

    def take_relation(self, token: Said) -> None:
        subjects = list(self.subjects)

        def complete(target: int) -> None:
            for number in subjects:
                self.facts.append(Fact(kind="relation", value=token.value, subject=number, object=target))

        self.slot = complete

    def take_side(self, token: Said) -> None:
        if self.before in ("noun", "nouns") and self.things:
            self._put_side(len(self.things) - 1, token.value)
        else:
            self.next_side = token.value

    def take_own_side(self, token: Said) -> None:
        if len(self.things) > 1:
            first, second = len(self.things) - 1, len(self.things) - 2
            self.facts.append(Fact(kind="relation", value=token.value, subject=first, object=second))

    def take_which(self, _: Said) -> None:
        if self.things:
            self.subjects = [len(self.things) - 1]

    def take_event(self, token: Said) -> None:
        value, order = token.value.split("/")
        one = self.subjects[-1] if self.subjects else None

        def add(subject: int | None, doer: int | None) -> None:
            self.facts.append(Fact(kind="event", value=value, subject=subject, object=doer))

        if order == "happens":
            add(one, None) if one is not None else None
            return
        orders: dict[str, Slot] = {
            "done to": lambda other: add(other, None),
            "does to": lambda other: add(other, one),
            "done by": lambda other: add(one, other),
            "goes into": lambda other: add(one, other),
        }
        self.slot = orders[order]

    def take_stop(self, _: Said) -> None:
        self.slot = None

    def statement(self) -> tuple[Statement, tuple[tuple[int, int | None], ...]]:
        """The statement and the things that go without a direction."""
        self._end_phrase()
        if len(self.sides) == 1 and len(self.things) == 2:
            (first, side), *_ = self.sides.items()
            self.facts.append(Fact(kind="relation", value=side, subject=first, object=1 - first))
        exist = [Fact(kind="exists", subject=i) for i in range(len(self.things))]
        order = {"motion": 0, "relation": 1, "event": 2}
        facts = sorted(dict.fromkeys(self.facts), key=lambda fact: order[fact.kind])
        setting = [self.setting[kind] for kind in SETTING if kind in self.setting]
        moved = {fact.subject for fact in facts if fact.kind == "motion"}
        aimless = tuple((number, target) for number, target in self.going.items() if number not in moved)
        return Statement(things=tuple(self.things), facts=(*exist, *facts, *setting)), aimless


TAKE: dict[str, Callable[[_Reader, Said], None]] = {
    "go": _Reader.take_go,
    "motion": _Reader.take_motion,
    "way": _Reader.take_motion,
    "bound": _Reader.take_bound,
    "past": _Reader.take_past,
    "relation": _Reader.take_relation,
    "side": _Reader.take_side,
    "own side": _Reader.take_own_side,
    "which": _Reader.take_which,
    "event": _Reader.take_event,
    "stop": _Reader.take_stop,
}
"""What each kind of token does to the reader."""


def parse_prompt(text: str) -> ParsedPrompt:
    """What a prompt states. Never fails: what cannot be read is in ``unknown``."""
    found = tokens(text)
    reader = _Reader()
    for token, after in zip(found, found[1:] + found[-1:], strict=True):
        reader.take(token, after.kind if after is not token else "stop")
    statement, aimless = reader.statement()
    unknown = tuple(dict.fromkeys(token.word for token in found if token.kind == "unknown"))
    mute = ("unknown", "article", "and", "stop", "which", "past", "count", "go")
    said = tuple(
        replace(token, kind=PLAIN_KIND.get(token.kind, token.kind)) for token in found if token.kind not in mute
    )
    return ParsedPrompt(statement=statement, said=said, unknown=unknown, aimless=aimless)


def _distance(first: str, second: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(COLORS[first], COLORS[second], strict=True))


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
    close: list[str] = []
    if kind == "color":
        close = sorted(known, key=lambda color: _distance(color, value))
    elif kind == "noun":
        close = [noun for noun in known if NOUNS[noun].family == NOUNS[value].family]
    return next((word for word in (*NEAREST.get(value, ()), *close) if word in known), None)


def adapt(reading: ParsedPrompt, vocabulary: Vocabulary) -> Statement:
    """What a model with ``vocabulary`` can be asked for instead: nearest words, what has none left out."""
    statement = reading.statement
    way = nearest("motion", "right", vocabulary)
    extra = [Fact(kind="motion", value=way, subject=i, object=target) for i, target in reading.aimless if way]
    kept: dict[int, int] = {}
    things: list[Ref] = []
    for i, ref in enumerate(statement.things):
        noun = nearest("noun", ref.noun, vocabulary)
        if noun is not None and len(things) < vocabulary.max_things:
            kept[i] = len(things)
            color = nearest("color", ref.color, vocabulary) or "" if ref.color else ""
            size = nearest("size", ref.size, vocabulary) or ""
            things.append(Ref(noun=noun, color=color, size=size, count=min(ref.count, vocabulary.max_count)))
    facts: list[Fact] = []
    for fact in (*statement.facts, *extra):
        if fact.subject is not None and fact.subject not in kept:
            continue
        value = fact.value if fact.kind == "exists" else nearest(fact.kind, fact.value, vocabulary)
        target = kept.get(fact.object) if fact.object is not None else None
        lost = fact.object is not None and target is None and fact.value not in ("left", "right", "bite")
        if value is None or lost or (fact.kind == "relation" and target is None):
            continue
        subject = None if fact.subject is None else kept[fact.subject]
        facts.append(replace(fact, value=value, subject=subject, object=target))
    return Statement(things=tuple(things), facts=tuple(facts))


def _phrase(kind: str, value: str) -> str:
    """A word as it stands in a sentence: "a robot", "a city street", "jumping"."""
    if kind == "noun" or value in ("meadow", "city street", "room"):
        return article(value)
    if value in ("desert", "sea"):
        return f"the {value}"
    return forms(ACTIONS[value][0])[2] if value in ACTIONS and value != "stand" else value


def unsupported_words(reading: ParsedPrompt, vocabulary: Vocabulary = FULL) -> tuple[str, ...]:
    """What of a prompt lies outside the world of a model, and what is drawn instead; a sentence each."""
    lines: list[str] = []
    stated = {(fact.kind, fact.value) for fact in reading.statement.facts}
    for said in reading.said:
        kind, value = said.kind, said.value.split("/")[0]
        if kind in ("motion", "relation", "event") and (kind, value) not in stated:
            continue  # "on" in "on the moon"
        instead = nearest(kind, value, vocabulary)
        if instead is None:
            lines.append(f"'{said.word}' is not known to this model and is left out")
        elif said.loose or instead != value:
            lines.append(f"'{said.word}' is drawn as {_phrase(kind, instead)}")
    lines += [f"'{word}' means nothing on the stage and is left out" for word in reading.unknown]
    things = [ref for ref in reading.statement.things if nearest("noun", ref.noun, vocabulary)]
    most = vocabulary.max_things
    lines += [f"the {ref.noun} is left out: this model draws at most {most} things" for ref in things[most:]]
    if any(ref.count > vocabulary.max_count for ref in things):
        lines.append(f"this model draws at most {COUNTS[vocabulary.max_count]} of a kind")
    nouns = [reading.statement.things[i].noun for i, _ in reading.aimless]
    lines += [f"no direction is given for the {noun}; it goes to the right" for noun in nouns]
    return tuple(dict.fromkeys(lines))


def _name(ref: Ref) -> str:
    words = [word for word in (ref.size, ref.color) if word]
    if ref.count > 1:
        return " ".join([COUNTS[ref.count], *words, NOUNS[ref.noun].plural or f"{ref.noun}s"])
    return article(" ".join([*words, ref.noun]))


def _does(ref: Ref, fact: Fact) -> str:
    """A motion as a verb phrase, in the plural for a group."""
    form = 0 if ref.count > 1 else 1
    verb = forms(NOUNS[ref.noun].verb)[form]
    if fact.value in WAYS:
        way = {"left": "to the left", "right": "to the right", "toward": "toward the camera", "away": "away"}
        return f"{verb} {way[fact.value]}" + (" past" if fact.object is not None else "")
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
            named |= {number for number in (fact.subject, fact.object) if number is not None}
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


def restyle(text: str, style: str) -> str:
    """What a prompt says, in another setting: place, time, weather and camera of ``style`` take the place of its own.
    The words of a style that is none of the stage's are added as they are."""
    old, new = parse_prompt(text).statement, parse_prompt(style).statement
    fresh = tuple(fact for fact in new.facts if fact.kind in SETTING)
    if not fresh or not old.things:
        return f"{text}, {style}"
    kinds = {fact.kind for fact in fresh}
    kept = tuple(fact for fact in old.facts if fact.kind not in kinds)
    return sentence(replace(old, facts=(*kept, *fresh)))
