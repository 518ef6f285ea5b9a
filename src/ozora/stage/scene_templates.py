"""Situations: the ways in which things can be set up on the stage, each a small function with its facts.

A situation takes a random generator and a vocabulary and returns a ``Setup``, or ``None`` when the vocabulary lacks
what it needs or the draw hits a held-out pair that is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ozora.language.cast import CAST
from ozora.language.facts import Fact
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import NATURAL, SHARED, TOYS, WORDS, Vocabulary, is_held_out
from ozora.stage.scene import Event, Motion, Thing
from ozora.stage.toys import SIDEWAYS
from ozora.stage.trajectories import height

FLAT = ("cube", "cylinder", "table", "truck", "house")
"""Things that something can stand on."""
FRONTAL = ("house", "sign", "lamp", "tree", "tower", "cookie", "ring", "rocket", "balloon", "chair", "table")
ROOTED = ("house", "tree", "tower", "sign")
"""Things that do not move about by themselves."""
FLOATING = ("bird", "fish", "balloon", "rocket")
SPEEDS = {"slow": 0.5, "normal": 0.8, "fast": 1.25}
TALL_M = 1.9
"""Members of the cast that are taller come one at a time, and not in large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Things with their motions, the events, and the facts that hold (besides that the things exist)."""

    things: tuple[Thing, ...]
    events: tuple[Event, ...] = ()
    facts: tuple[Fact, ...] = ()


def rest_yaw(rng: Rng, noun: str) -> float:
    """A yaw at which a resting thing is recognised."""
    if noun in SIDEWAYS:
        return float(rng.choice([0.0, 180.0]) + rng.uniform(-35, 35))
    if noun in FRONTAL:
        return float(rng.uniform(-22, 22))
    return float(-90 + rng.uniform(-40, 40))


SUBJECTS = {"toy": 0.42, "animal": 0.3, "person": 0.2, "building": 0.035, "plant": 0.03, "vehicle": 0.015}
OBJECTS = {"toy": 0.4, "animal": 0.15, "person": 0.12, "building": 0.16, "plant": 0.15, "vehicle": 0.02}
"""How often a family is drawn for the first thing of a scene, and for the second."""


def _family(noun: str) -> str:
    return CAST[noun].family if noun in CAST else "toy"


def draw_thing(
    rng: Rng, vocabulary: Vocabulary, nouns: tuple[str, ...] = (), shares: dict[str, float] | None = None
) -> Thing:
    """A thing at rest in the middle of the stage, its family drawn by ``shares`` (``SUBJECTS``)."""
    options = [noun for noun in (nouns or vocabulary.nouns) if noun in vocabulary.nouns]
    families = sorted({_family(noun) for noun in options})
    if len(families) > 1:
        weights = np.array([(shares or SUBJECTS)[family] for family in families])
        family = families[int(rng.choice(len(families), p=weights / weights.sum()))]
        options = [noun for noun in options if _family(noun) == family]
    noun = pick(rng, options)
    if noun in CAST:
        return _draw_member(rng, vocabulary, noun)
    # a natural color would name the real one of the cast
    colors = tuple(color for color in vocabulary.colors if noun not in SHARED or color not in NATURAL)
    lift = {"bird": 0.75, "balloon": 0.55, "rocket": 0.15, "fish": 0.25}.get(noun, 0.0)
    return Thing(
        noun=noun,
        color=pick(rng, colors),
        size=pick(rng, vocabulary.sizes) if rng.random() < 0.6 else "medium",
        finish=pick(rng, vocabulary.finishes),
        y=lift * float(rng.uniform(0.8, 1.2)),
        yaw=rest_yaw(rng, noun),
        word=pick(rng, WORDS) if noun == "sign" else "",
    )


def _draw_member(rng: Rng, vocabulary: Vocabulary, noun: str) -> Thing:
    member = CAST[noun]
    lift = {"hawk": 0.8, "shark": 0.12, "silver fish": 0.3}.get(noun, 0.0)
    if member.moves and member.family in ("animal", "vehicle"):
        yaw = float(rng.choice([0.0, 180.0]) + rng.uniform(-35, 35))
    else:
        yaw = float(-90 + rng.uniform(-40, 40))
    color = pick(rng, vocabulary.colors) if member.dyed and rng.random() < 0.75 else ""
    size = "medium"
    if rng.random() < 0.25 and member.family == "animal":
        size = pick(rng, ("small", "medium") if member.height > TALL_M else vocabulary.sizes)
    return Thing(noun=noun, color=color, size=size, y=lift * float(rng.uniform(0.8, 1.2)), yaw=yaw)


def mirrored(value: str) -> str:
    """The same word in a left-right mirrored world."""
    if "left" in value:
        return value.replace("left", "right")
    return value.replace("right", "left")


def held_out(thing: Thing, kind: str = "", value: str = "") -> bool:
    """Whether a thing, or what it does, is kept out of training. Left and right are tested as themselves."""
    if is_held_out("color noun", thing.color, thing.noun):
        return True
    return bool(kind) and is_held_out(f"noun {kind}", thing.noun, value)


WAYS = ("left", "right", "toward", "away")
TOY_MOTIONS = (*WAYS, "jump", "bounce", "spin", "fall", "rise")


def solo_motions(thing: Thing, vocabulary: Vocabulary) -> list[str]:
    """What a thing can do alone; a way that a member of the cast can go twice, since ways are asked for most."""
    if thing.noun in CAST:
        member = CAST[thing.noun]
        ways = WAYS if member.moves else ()
        return [kind for kind in (*ways, *ways, *member.acts) if kind in vocabulary.motions]
    kinds = [kind for kind in vocabulary.motions if kind in TOY_MOTIONS]
    if thing.noun in ROOTED:
        return []
    if thing.noun not in FLOATING:
        kinds = [kind for kind in kinds if kind != "rise"]
    return kinds if thing.y == 0 else [kind for kind in kinds if kind not in ("fall", "bounce")]


def _manner(rng: Rng, thing: Thing, kind: str) -> str:
    """A gait of a member of the cast that goes somewhere."""
    gaits = CAST[thing.noun].gaits if thing.noun in CAST else ()
    return pick(rng, gaits) if gaits and kind in (*WAYS, "orbit", "follow", "hide") else ""


def _motion_fact(thing: Thing, other: int | None = None) -> Fact:
    """What the first thing of a setup does."""
    return Fact(kind="motion", value=thing.motion.kind, subject=0, object=other, manner=thing.motion.manner)


def set_moving(rng: Rng, thing: Thing, kind: str) -> Thing:
    """The thing with a motion, placed so that it stays in the picture for about four seconds."""
    speed = SPEEDS[pick(rng, ["slow", "normal", "normal", "fast"])] * float(rng.uniform(0.9, 1.1))
    if kind in ("toward", "away"):
        speed = min(speed, 0.85)
    manner = _manner(rng, thing, kind)
    if manner == "run":
        speed = max(speed, 0.75)
    if manner == "walk" and kind in ("left", "right"):
        speed = min(speed, 0.85)
    thing = replace(thing, motion=Motion(kind=kind, speed=speed, manner=manner))
    if kind in ("left", "right"):
        return replace(thing, x=float(rng.uniform(-0.2, 0.2)), z=float(rng.uniform(-0.3, 0.4)))
    if kind in ("toward", "away"):
        return replace(thing, x=float(rng.uniform(-0.4, 0.4)), z=float(rng.uniform(-0.9, -0.5)))
    if kind == "rise":
        return replace(thing, y=0.0, x=float(rng.uniform(-0.5, 0.5)), z=float(rng.uniform(-0.5, 0.3)))
    return replace(thing, x=float(rng.uniform(-0.5, 0.5)), z=float(rng.uniform(-0.3, 0.3)))


def solo(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """One thing that moves, or stands."""
    thing = draw_thing(rng, vocabulary)
    kinds = solo_motions(thing, vocabulary)
    kind = pick(rng, kinds) if kinds and rng.random() < 0.88 else "stand"
    if held_out(thing, "motion", kind):
        return None
    moved = set_moving(rng, thing, kind)
    return Setup(things=(moved,), facts=(_motion_fact(moved),))


def _two(rng: Rng, vocabulary: Vocabulary) -> tuple[Thing, Thing] | None:
    first, second = draw_thing(rng, vocabulary), draw_thing(rng, vocabulary, shares=OBJECTS)
    if held_out(first) or held_out(second) or (first.noun, first.color) == (second.noun, second.color):
        return None
    return first, second


def beside(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """Two things side by side; sometimes one of them is busy."""
    two = _two(rng, vocabulary)
    if two is None:
        return None
    side = pick(rng, ["left", "right"])
    if held_out(two[0], "relation", side) or held_out(two[1], "relation", mirrored(side)):
        return None
    sign = -1.0 if side == "left" else 1.0
    things = [
        replace(thing, x=float(direction * rng.uniform(0.9, 1.3)), z=float(rng.uniform(-0.3, 0.3)))
        for thing, direction in zip(two, (sign, -sign), strict=True)
    ]
    facts = [Fact(kind="relation", value=side, subject=0, object=1)]
    acts = CAST[things[0].noun].acts if things[0].noun in CAST else ("jump", "spin", "bounce")
    calm = [kind for kind in solo_motions(things[0], vocabulary) if kind in acts]
    if calm and rng.random() < 0.35:
        kind = pick(rng, calm)
        if held_out(things[0], "motion", kind):
            return None
        things[0] = replace(things[0], motion=Motion(kind=kind, speed=float(rng.uniform(0.7, 1.1))))
        facts.append(Fact(kind="motion", value=kind, subject=0))
    return Setup(things=tuple(things), facts=tuple(facts))


def passing(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """One thing goes past another that stands."""
    two = _two(rng, vocabulary)
    if two is None:
        return None
    mover, stander = two
    kinds = [kind for kind in solo_motions(mover, vocabulary) if kind in ("left", "right")]
    if not kinds:
        return None
    kind = pick(rng, kinds)
    if held_out(mover, "motion", kind):
        return None
    mover = set_moving(rng, mover, kind)
    in_front = bool(rng.random() < 0.7)
    mover = replace(mover, z=float(rng.uniform(0.45, 0.8) if in_front else rng.uniform(-1.2, -0.8)))
    stander = replace(stander, x=float(rng.uniform(-0.5, 0.5)), z=float(rng.uniform(-0.5, -0.2)))
    return Setup(things=(mover, stander), facts=(_motion_fact(mover, 1),))


def depth(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """One thing in front of, behind, on or under another."""
    relation = pick(rng, ["front", "behind", "on", "under"])
    two = _two(rng, vocabulary)
    if two is not None and relation in ("on", "under") and any(thing.noun in CAST for thing in two):
        return None
    if two is None or relation not in vocabulary.relations or held_out(two[0], "relation", relation):
        return None
    first, second = two
    x = float(rng.uniform(-0.9, 0.9))
    if relation in ("front", "behind"):
        sign = 1.0 if relation == "front" else -1.0
        first = replace(first, x=x + float(rng.uniform(-0.3, 0.3)), z=sign * 0.85)
        second = replace(second, x=x, z=-sign * 0.35)
    elif relation == "on":
        if second.noun not in FLAT or first.noun in ROOTED or second.noun == "house":
            return None
        first = replace(first, size="small" if "small" in vocabulary.sizes else first.size, x=x)
        first = replace(first, y=height(second) * 0.99)
        second = replace(second, x=x)
    else:
        if second.noun != "table" or height(first) > 1.3 or "small" not in vocabulary.sizes:
            return None
        first = replace(first, size="small", x=x, y=0.0)
        second = replace(second, size="large" if "large" in vocabulary.sizes else second.size, x=x, z=-0.1)
    return Setup(things=(first, second), facts=(Fact(kind="relation", value=relation, subject=0, object=1),))


def together(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """One thing circles, follows or hides behind another."""
    kind = pick(rng, ["orbit", "follow", "hide"])
    two = _two(rng, vocabulary)
    if two is None or kind not in vocabulary.motions or held_out(two[0], "motion", kind) or two[0].noun in ROOTED:
        return None
    first, second = two
    if first.noun in CAST and not CAST[first.noun].moves:
        return None
    speed = float(rng.uniform(0.8, 1.2))
    first = replace(first, motion=Motion(kind=kind, speed=speed, target=1, manner=_manner(rng, first, kind)))
    facts = [Fact(kind="motion", value=kind, subject=0, object=1)]
    if kind == "follow":
        way = pick(rng, ["left", "right"])
        if second.noun in CAST and not CAST[second.noun].moves:
            return None
        if second.noun in ROOTED or held_out(second, "motion", way) or way not in vocabulary.motions:
            return None
        second = replace(set_moving(rng, second, way), x=0.7 if way == "right" else -0.7)
        facts.append(Fact(kind="motion", value=way, subject=1, manner=second.motion.manner))
    elif kind == "hide":
        first = replace(first, x=float(rng.choice([-1.9, 1.9])), z=-0.6)
        second = replace(second, size="large" if "large" in vocabulary.sizes else second.size, z=0.2)
    return Setup(things=(first, second), facts=tuple(facts))


def group(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """Two to five of the same kind."""
    if vocabulary.max_count < 2:
        return None
    count = int(rng.integers(2, vocabulary.max_count + 1))
    thing = draw_thing(rng, vocabulary)
    if held_out(thing):
        return None
    if thing.noun in CAST:
        return _herd(rng, vocabulary, thing, count)
    width = min(1.15, 4.0 / count)
    size = thing.size if count < 4 or "small" not in vocabulary.sizes else "small"
    jump = "jump" in solo_motions(thing, vocabulary) and rng.random() < 0.3 and not held_out(thing, "motion", "jump")
    motion = Motion(kind="jump", speed=0.9) if jump else Motion()
    things = tuple(
        replace(
            thing,
            size=size,
            motion=motion,
            x=(i - (count - 1) / 2) * width + float(rng.uniform(-0.08, 0.08)),
            z=float(rng.uniform(-0.35, 0.35)),
        )
        for i in range(count)
    )
    facts = (Fact(kind="motion", value="jump", subject=0),) if jump else ()
    return Setup(things=things, facts=facts)


def _herd(rng: Rng, vocabulary: Vocabulary, thing: Thing, count: int) -> Setup | None:
    """Several of one kind of the troupe, that stand or do the same."""
    member = CAST[thing.noun]
    if member.family not in ("animal", "person") or member.height > TALL_M:
        return None
    count = min(count, 4)
    kinds = [kind for kind in solo_motions(thing, vocabulary) if not held_out(thing, "motion", kind)]
    kind = pick(rng, kinds) if kinds and rng.random() < 0.65 else "stand"
    leader = set_moving(rng, replace(thing, size="medium"), kind)
    width = max(0.9, 0.75 * member.height)

    def place(number: int) -> Thing:
        """Side by side; one behind the other where they cross the picture."""
        if kind in ("left", "right"):
            x, z = leader.x + rng.uniform(-0.9, 0.9), 1.5 * number / (count - 1) - 1.0 + rng.uniform(-0.1, 0.1)
        else:
            x, z = (number - (count - 1) / 2) * width + rng.uniform(-0.1, 0.1), rng.uniform(-0.5, 0.35)
        return replace(leader, x=float(x), z=float(z))

    return Setup(things=tuple(place(number) for number in range(count)), facts=(_motion_fact(leader),))


def eventful(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    """Something happens that lasts."""
    if not vocabulary.events:
        return None
    return EVENTS[pick(rng, vocabulary.events)](rng, vocabulary)


def _bite(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    return _change(rng, vocabulary, "bite", ("cookie",))


def _switch_on(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    return _change(rng, vocabulary, "switch on", ("lamp",))


def _change(rng: Rng, vocabulary: Vocabulary, kind: str, nouns: tuple[str, ...]) -> Setup | None:
    if not set(nouns) <= set(vocabulary.nouns):
        return None
    thing = replace(draw_thing(rng, vocabulary, nouns), x=float(rng.uniform(-1.2, 1.2)))
    if held_out(thing):
        return None
    event = Event(kind=kind, at_s=float(rng.uniform(1.2, 2.6)), thing=0)
    return Setup(things=(thing,), events=(event,), facts=(Fact(kind="event", value=kind, subject=0),))


def _paint(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    toys = tuple(noun for noun in vocabulary.nouns if noun in TOYS)
    thing = replace(draw_thing(rng, vocabulary, toys), x=float(rng.uniform(-1.2, 1.2)))
    color = pick(rng, vocabulary.colors)
    if color == thing.color or held_out(thing) or is_held_out("color noun", color, thing.noun):
        return None
    event = Event(kind="paint", at_s=float(rng.uniform(1.2, 2.6)), thing=0, color=color)
    return Setup(things=(thing,), events=(event,), facts=(Fact(kind="event", value=f"paint {color}", subject=0),))


def _impact(rng: Rng, vocabulary: Vocabulary, kind: str, targets: tuple[str, ...]) -> Setup | None:
    """Something comes along x and hits: a tower falls over, a ball is driven on."""
    movers = tuple(noun for noun in ("ball", "cube", "car", "truck", "ring") if noun in vocabulary.nouns)
    targets = tuple(noun for noun in targets if noun in vocabulary.nouns)
    if not movers or not targets:
        return None
    first, second = draw_thing(rng, vocabulary, movers), draw_thing(rng, vocabulary, targets)
    if held_out(first) or held_out(second) or (first.noun, first.color) == (second.noun, second.color):
        return None
    side = float(rng.choice([-1.0, 1.0]))
    first = replace(first, x=side * 2.2, yaw=0.0 if side < 0 else 180.0, size="medium")
    second = replace(second, x=-side * 0.2, yaw=0.0 if side < 0 else 180.0)
    at_s = float(rng.uniform(1.3, 2.0))
    events = [Event(kind="collide", at_s=at_s, thing=1, by=0)]
    if kind == "topple":
        events.append(Event(kind="topple", at_s=at_s, thing=1, by=0))
    fact = Fact(kind="event", value=kind, subject=1, object=0)
    return Setup(things=(first, second), events=tuple(events), facts=(fact,))


def _topple(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    return _impact(rng, vocabulary, "topple", ("tower", "cone", "chair", "lamp"))


def _collide(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    return _impact(rng, vocabulary, "collide", ("ball", "cube", "car", "ring"))


def _enter(rng: Rng, vocabulary: Vocabulary) -> Setup | None:
    walkers = tuple(noun for noun in ("person", "robot", "dog", "cat") if noun in vocabulary.nouns)
    if not walkers or "house" not in vocabulary.nouns:
        return None
    walker, house = draw_thing(rng, vocabulary, walkers), draw_thing(rng, vocabulary, ("house",))
    if held_out(walker) or held_out(house):
        return None
    walker = replace(walker, size="small", x=float(rng.choice([-1.7, 1.7])), z=0.9)
    house = replace(house, size="large", x=float(rng.uniform(-0.4, 0.4)), z=-0.7, yaw=0.0)
    event = Event(kind="enter", at_s=1.7, thing=0, by=1)
    return Setup(
        things=(walker, house), events=(event,), facts=(Fact(kind="event", value="enter", subject=0, object=1),)
    )


EVENTS: dict[str, Callable[[Rng, Vocabulary], Setup | None]] = {
    "bite": _bite,
    "paint": _paint,
    "topple": _topple,
    "switch on": _switch_on,
    "enter": _enter,
    "collide": _collide,
}
SITUATIONS: dict[Callable[[Rng, Vocabulary], Setup | None], float] = {
    solo: 0.36,
    beside: 0.24,
    passing: 0.16,
    depth: 0.06,
    together: 0.06,
    group: 0.05,
    eventful: 0.07,
}
"""How often each is tried; those that a vocabulary cannot do fall away."""


def draw_setup(rng: Rng, vocabulary: Vocabulary) -> Setup:
    """A random setup without held-out pairs."""
    names, shares = list(SITUATIONS), np.array(list(SITUATIONS.values()))
    while True:
        setup = names[int(rng.choice(len(names), p=shares / shares.sum()))](rng, vocabulary)
        if setup is not None:
            return setup
