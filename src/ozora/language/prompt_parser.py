"""The prompt parser: from English to a statement, the way back of ``captions.py``; also for prompts that say more.

A word scanner, not a parser of English. Tokens of the lexicon are taken one by one into things, motions, relations,
events and the setting. Every caption of the grammar is read back exactly; free prompts are read as far as their words
go, and what could not be read is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ozora.language.cast import CAST
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.lexicon import WAYS, WOODED, Said, tokens
from ozora.language.vocabulary import COLORS, NATURAL, SHARED

SETTING = ("place", "time", "weather", "camera")
PLAIN_KIND = {
    **{"nouns": "noun", "way": "motion", "bound": "motion", "act": "motion", "side": "relation"},
    **{"own side": "relation", "worn": "color"},
}
ADJECTIVES = ("article", "count", "color", "size")
NOUN = ("noun", "nouns")
RIDERS = {"horse": "rider on a horse", "camel": "rider on a camel", "elephant": "rider on an elephant"}
TREES = {"desert": "palm tree", "snow": "snowy fir tree"}
"""The tree of a place; elsewhere an oak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimless:
    """A thing that goes, nobody says where: its number, the one that it passes, and its manner."""

    number: int
    past: int | None = None
    manner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPrompt:
    """What a prompt states, things in order of mention; ``said`` by which words, ``unknown`` those without meaning,
    ``aimless`` the things that go in no stated direction, what they pass, if anything, and in which manner."""

    statement: Statement
    said: tuple[Said, ...] = ()
    unknown: tuple[str, ...] = ()
    aimless: tuple[Aimless, ...] = ()


Slot = Callable[[int], None]
VERBS = ("go", "motion", "act")


def name_of(name: str, color: str) -> tuple[str, str]:
    """The noun and the color of a thing that is called by a noun's value in the lexicon (``Said``), with a color or
    without. A color that begins with "=" is worn: it makes no toy of a person.

    With a color, a noun that the cast and the toys share is the toy, but for natural colors.
    """
    name, _, clothes = name.partition("=")
    plain, _, toy = name.partition("/")
    if clothes:
        return plain, clothes
    worn, color = color.startswith("="), color.removeprefix("=")
    if not color or (plain not in CAST and not toy):
        return plain, color
    natural = color in NATURAL and toy in SHARED and toy != "person"
    if toy and not worn and not natural:
        return toy, color
    return _member_in(plain, color)


def _member_in(name: str, color: str) -> tuple[str, str]:
    """The member of the cast that comes nearest to one in a color, and what of the color is left to be said."""
    kin = [other for other, member in CAST.items() if member.noun == CAST[name].noun]
    if f"{color} {CAST[name].noun}" in kin:
        return f"{color} {CAST[name].noun}", ""
    dyed = [other for other in (name, *kin) if CAST[other].dyed]
    if dyed:
        return dyed[0], color
    hued = {other: hue for other in kin for hue in COLORS if hue in other.split()}
    if hued and color in NATURAL:
        return min(hued, key=lambda other: color_distance(hued[other], color)), ""
    return name, ""


def color_distance(first: str, second: str) -> float:
    """How far two colors are apart, squared."""
    return sum((a - b) ** 2 for a, b in zip(COLORS[first], COLORS[second], strict=True))


def _bare(noun: str) -> str:
    return CAST[noun].noun if noun in CAST else noun


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
        self.names: list[str] = []
        self.words: list[str] = []
        self.going: dict[int, int | None] = {}
        self.manner: dict[int, str] = {}
        self.wooded = False
        self.worn_color = ""
        self.held: list[Said] = []
        self.phrase: dict[str, str] = {}
        self.before = "stop"
        self.joined = False
        self.riding = False

    def take(self, token: Said, after: str) -> None:
        """One token; ``after`` is the kind of the next."""
        kind = token.kind
        if kind in ADJECTIVES:
            self.phrase[kind] = token.value
        elif kind in NOUN:
            if after not in NOUN:  # in "robot dog" only the last is a thing
                self._take_thing(token)
        elif kind in SETTING:
            self.setting.setdefault(kind, Fact(kind=kind, value=token.value))
            self.wooded |= token.word.lower() in WOODED
            self.phrase, self.slot = {}, None
        elif (kind in VERBS and self.phrase) or (kind in (*VERBS, "way") and not self.subjects):
            self.held.append(token)  # "a running dog", "running left, a dog"
        elif kind in TAKE:
            if kind == "garment":
                self.worn_color = self.phrase.pop("color", "")
            self._end_phrase()
            self.riding = False
            TAKE[kind](self, token)
        if kind == "and":
            self.joined = self.before in (*NOUN, "worn")
        elif kind not in (*ADJECTIVES, *NOUN, "worn"):
            self.joined = False
        if kind != "unknown":
            self.before = kind

    def _end_phrase(self) -> None:
        """Adjectives without a noun speak of the last thing: "the ball is red"."""
        if self.phrase.get("color") and self.subjects:
            self._color(self.subjects[-1], self.phrase["color"])
        self.phrase = {}

    def _color(self, number: int, color: str) -> None:
        """Color a thing that has none yet."""
        ref = self.things[number]
        if not ref.color:
            noun, color = name_of(self.names[number], color)
            self.things[number] = replace(ref, noun=noun, color=color)

    def _known(self, name: str, ref: Ref) -> int | None:
        """The thing that "the ball" speaks of, when there is one already."""
        fits = [
            i
            for i, thing in enumerate(self.things)
            if (thing.noun == ref.noun or self.names[i] == name or _bare(thing.noun) == _bare(ref.noun))
            and ref.color in ("", thing.color)
            and ref.size in ("", thing.size)
        ]
        related = [fact.subject for fact in self.facts if fact.kind == "relation" and fact.subject in fits]
        return related[0] if related else fits[-1] if fits else None

    def _take_thing(self, token: Said) -> None:
        phrase, self.phrase = self.phrase, {}
        if self.riding and self._mount(token):
            return
        count = int(phrase.get("count", "2" if token.kind == "nouns" else "1"))
        noun, color = name_of(token.value, phrase.get("color", ""))
        ref = Ref(noun=noun, color=color, size=phrase.get("size", ""), count=count)
        number = self._known(token.value, ref) if phrase.get("article") == "the" else None
        if number is None:
            number = len(self.things)
            self.things.append(ref)
            self.names.append(token.value)
            self.words.append(token.word.lower())
            if self.next_side:
                self._put_side(number, self.next_side)
                self.next_side = ""
        elif token.word.lower() == noun and self.words[number] == _bare(noun):  # "a cow ..., the beige cow"
            self.things[number] = replace(self.things[number], noun=noun)
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

    def _mount(self, token: Said) -> bool:
        """A person of the cast who rides one of its animals is a rider: one thing, not two."""
        people = [
            i for i in self.subjects if self.things[i].noun in CAST and CAST[self.things[i].noun].family == "person"
        ]
        rider = RIDERS.get(_bare(name_of(token.value, "")[0]))
        if rider is None or len(people) != 1:
            return False
        if CAST[self.things[people[0]].noun].noun != "rider":
            self.things[people[0]] = replace(self.things[people[0]], noun=rider, color="")
            self.names[people[0]] = rider
        self.riding = False
        return True

    def _put_side(self, number: int, side: str) -> None:
        self.sides[number] = side
        if len(self.sides) == 2:
            first, second = self.sides
            self.facts.append(Fact(kind="relation", value=self.sides[first], subject=first, object=second))

    def _move(self, number: int, value: str, target: int | None = None) -> None:
        if not any(fact.kind == "motion" and fact.subject == number for fact in self.facts):
            target = self.going.pop(number, None) if target is None else target
            manner = self._manner(number) if value in WAYS else ""
            self.facts.append(Fact(kind="motion", value=value, subject=number, object=target, manner=manner))

    def _manner(self, number: int) -> str:
        """How a thing goes: as is said, if it can; a toy has one way only."""
        member = CAST.get(self.things[number].noun)
        gaits = member.gaits if member is not None else ()
        said = self.manner.get(number, "")
        return said if said in gaits else gaits[0] if gaits else ""

    def take_go(self, token: Said) -> None:
        self.riding = token.value == "ride"
        for number in self.subjects:
            self.going.setdefault(number, None)
            self.manner.setdefault(number, token.value)

    def take_motion(self, token: Said) -> None:
        for number in self.subjects:
            self._move(number, token.value)

    def take_act(self, token: Said) -> None:
        """Something that is done on the spot; to eat a cookie is an event."""
        subjects = list(self.subjects)
        for number in subjects:
            self._move(number, token.value)

        def complete(target: int) -> None:
            if self.things[target].noun == "cookie":
                self.facts = [f for f in self.facts if not (f.kind == "motion" and f.subject in subjects)]
                self.facts.append(Fact(kind="event", value="bite", subject=target, object=subjects[-1]))

        self.slot = complete if token.value == "eat" and subjects else None

    def take_worn(self, token: Said) -> None:
        """Clothes of a color: "soldiers in blue"."""
        for number in self.subjects[-1:]:
            self._color(number, "=" + token.value)

    def take_garment(self, token: Said) -> None:
        """Clothes of a color: "a man in a blue shirt"."""
        if self.worn_color and self.subjects:
            self._color(self.subjects[-1], "=" + self.worn_color)

    def take_word(self, token: Said) -> None:
        """What the last sign says."""
        signs = [i for i, ref in enumerate(self.things) if ref.noun == "sign"]
        if signs:
            self.things[signs[-1]] = replace(self.things[signs[-1]], word=token.value)

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
        if self.before in (*NOUN, "worn", "word") and self.things:
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

    def _settle(self) -> None:
        """Trees suit their place; a wood is a meadow with a tree."""
        place = self.setting["place"].value if "place" in self.setting else ""
        for number, ref in enumerate(self.things):
            if self.names[number].split("/")[0] == "oak tree" and "/" in self.names[number] and not ref.color:
                self.things[number] = replace(ref, noun=TREES.get(place, ref.noun))
        if self.wooded and not any(_bare(ref.noun) == "tree" for ref in self.things):
            self.things.append(Ref(noun="oak tree"))
            self.names.append("oak tree")
            self.words.append("tree")

    def statement(self) -> tuple[Statement, tuple[Aimless, ...]]:
        """The statement and the things that go without a direction."""
        self._end_phrase()
        self._settle()
        if len(self.sides) == 1 and len(self.things) == 2:
            (first, side), *_ = self.sides.items()
            self.facts.append(Fact(kind="relation", value=side, subject=first, object=1 - first))
        for number in list(self.going):
            if self.manner.get(number) == "hop":
                self._move(number, "jump")
        exist = [Fact(kind="exists", subject=i) for i in range(len(self.things))]
        order = {"motion": 0, "relation": 1, "event": 2}
        facts = sorted(dict.fromkeys(self.facts), key=lambda fact: order[fact.kind])
        setting = [self.setting[kind] for kind in SETTING if kind in self.setting]
        moved = {fact.subject for fact in facts if fact.kind == "motion"}
        aimless = tuple(
            Aimless(number=number, past=past, manner=self._manner(number))
            for number, past in self.going.items()
            if number not in moved
        )
        return Statement(things=tuple(self.things), facts=(*exist, *facts, *setting)), aimless


TAKE: dict[str, Callable[[_Reader, Said], None]] = {
    "go": _Reader.take_go,
    "motion": _Reader.take_motion,
    "way": _Reader.take_motion,
    "act": _Reader.take_act,
    "worn": _Reader.take_worn,
    "word": _Reader.take_word,
    "garment": _Reader.take_garment,
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
    mute = ("unknown", "article", "and", "stop", "which", "past", "count", "go", "says", "word", "garment")
    said = tuple(
        replace(token, kind=PLAIN_KIND.get(token.kind, token.kind)) for token in found if token.kind not in mute
    )
    return ParsedPrompt(statement=statement, said=said, unknown=unknown, aimless=aimless)
