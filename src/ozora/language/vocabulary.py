"""The vocabulary: what a caption may speak of, and what each word is on the stage.

``FULL`` is everything that the stage can draw, ``TOY_WORLD`` the toys alone. A model may be trained on less: the
``Vocabulary`` in its card says on what.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import product
from typing import Any

from ozora.language.cast import ACTS, CAST

RGB = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A kind of thing. ``verb`` is how it moves, ``height`` its size in meters at size "medium"; ``plural`` is given
    where it is not the noun with an s."""

    family: str
    verb: str
    height: float
    synonyms: tuple[str, ...] = ()
    plural: str = ""


TOYS: dict[str, Noun] = {
    "ball": Noun(family="solid", verb="roll", height=0.95, synonyms=("sphere",)),
    "cube": Noun(family="solid", verb="slide", height=0.9, synonyms=("block", "box")),
    "cone": Noun(family="solid", verb="slide", height=1.15),
    "cylinder": Noun(family="solid", verb="slide", height=1.05, synonyms=("drum",)),
    "pyramid": Noun(family="solid", verb="slide", height=1.0),
    "ring": Noun(family="solid", verb="roll", height=1.1, synonyms=("hoop",)),
    "person": Noun(family="figure", verb="walk", height=1.55, synonyms=("man", "woman"), plural="people"),
    "robot": Noun(family="figure", verb="walk", height=1.45),
    "cat": Noun(family="animal", verb="walk", height=0.85, synonyms=("kitten",)),
    "dog": Noun(family="animal", verb="run", height=1.0, synonyms=("puppy",)),
    "horse": Noun(family="animal", verb="run", height=1.5, synonyms=("pony",)),
    "bird": Noun(family="animal", verb="fly", height=0.8),
    "fish": Noun(family="animal", verb="swim", height=0.75, plural="fish"),
    "car": Noun(family="vehicle", verb="drive", height=0.85),
    "truck": Noun(family="vehicle", verb="drive", height=1.15, synonyms=("lorry",)),
    "boat": Noun(family="vehicle", verb="sail", height=1.5, synonyms=("sailboat",)),
    "rocket": Noun(family="vehicle", verb="fly", height=1.5, synonyms=("spaceship",)),
    "balloon": Noun(family="vehicle", verb="float", height=1.35),
    "house": Noun(family="prop", verb="slide", height=1.6, synonyms=("hut", "cottage")),
    "tree": Noun(family="prop", verb="slide", height=1.8),
    "table": Noun(family="prop", verb="slide", height=0.85),
    "chair": Noun(family="prop", verb="slide", height=1.15),
    "lamp": Noun(family="prop", verb="slide", height=1.35),
    "cookie": Noun(family="prop", verb="roll", height=0.9, synonyms=("biscuit",)),
    "sign": Noun(family="prop", verb="slide", height=1.2),
    "tower": Noun(family="prop", verb="slide", height=1.7),
}

NOUNS: dict[str, Noun] = {
    **TOYS,
    **{
        name: Noun(
            family=member.family,
            verb=member.verb,
            height=member.height,
            synonyms=() if member.noun == name else (member.noun,),
            plural=member.plural,
        )
        for name, member in CAST.items()
    },
}
"""Everything that can be named: the toys, then the cast. Layouts number them in this order."""

COLORS: dict[str, RGB] = {
    "red": (0.84, 0.10, 0.09),
    "orange": (0.96, 0.46, 0.06),
    "yellow": (0.97, 0.83, 0.10),
    "green": (0.13, 0.60, 0.20),
    "teal": (0.05, 0.62, 0.62),
    "blue": (0.12, 0.30, 0.86),
    "purple": (0.48, 0.18, 0.74),
    "pink": (0.97, 0.50, 0.70),
    "brown": (0.42, 0.25, 0.13),
    "white": (0.93, 0.93, 0.92),
    "gray": (0.48, 0.49, 0.51),
    "black": (0.07, 0.07, 0.08),
}
COLOR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "red": ("scarlet",),
    "teal": ("turquoise",),
    "purple": ("violet",),
    "gray": ("grey",),
}
NATURAL = ("white", "gray", "black", "brown")
"""Colors of real animals and houses."""
SHARED = ("horse", "dog", "fish", "house", "tree", "tower", "boat", "person")
"""Toys that the cast has as well: in natural colors these words mean the cast."""
SIZES: dict[str, float] = {"small": 0.72, "medium": 1.0, "large": 1.32}
SIZE_SYNONYMS: dict[str, tuple[str, ...]] = {"small": ("little", "tiny"), "large": ("big", "huge")}
FINISHES: dict[str, float] = {"matte": 0.04, "shiny": 0.75}
PLACES = ("meadow", "desert", "snow", "city street", "room", "sea")
TIMES = ("morning", "day", "sunset", "night")
WEATHERS = ("clear", "rain", "snowfall", "fog")
MOTIONS = (
    "stand",
    "left",
    "right",
    "toward",
    "away",
    "jump",
    "bounce",
    "spin",
    "fall",
    "rise",
    "orbit",
    "follow",
    "hide",
    *ACTS,
)
RELATIONS = ("left", "right", "front", "behind", "on", "under")
CAMERAS = (
    "static",
    "pan left",
    "pan right",
    "tilt up",
    "tilt down",
    "zoom in",
    "zoom out",
    "dolly in",
    "dolly out",
    "orbit left",
    "orbit right",
    "follow",
)
EVENTS = ("bite", "paint", "topple", "switch on", "enter", "collide")
WORDS = (
    *("OPEN", "STOP", "HELLO", "CAFE", "GO", "YES", "NO", "SKY", "TOY", "ZOO", "EXIT", "TAXI"),
    *("HOTEL", "SALE", "BANK", "FIRE", "LOVE", "TEA", "MILK", "BUS", "PARK", "FOOD", "FREE", "NEWS"),
    *("PLAY", "WIFI", "CITY", "STAR", "MOON", "SUN", "RED", "BLUE", "HOME", "MUSIC", "PIZZA", "WATER"),
    *("BOOK", "SHOP", "JAZZ", "KIDS", "LEFT", "RIGHT", "NORTH", "SLOW", "FAST", "DANGER", "WELCOME"),
)
"""What signs say."""
COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}

HELD_OUT_SHARE = 0.12
HELD_OUT_SALT = "ozora-held-out-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The part of the stage that a corpus draws from, and that a model trained on it knows."""

    nouns: tuple[str, ...] = tuple(NOUNS)
    colors: tuple[str, ...] = tuple(COLORS)
    sizes: tuple[str, ...] = tuple(SIZES)
    finishes: tuple[str, ...] = tuple(FINISHES)
    places: tuple[str, ...] = PLACES
    times: tuple[str, ...] = TIMES
    weathers: tuple[str, ...] = WEATHERS
    motions: tuple[str, ...] = MOTIONS
    relations: tuple[str, ...] = RELATIONS
    cameras: tuple[str, ...] = CAMERAS
    events: tuple[str, ...] = EVENTS
    max_things: int = 4
    max_count: int = 5

    def to_dict(self) -> dict[str, Any]:
        lists = {name: list(getattr(self, name)) for name in self.__slots__ if not name.startswith("max_")}
        return {**lists, "max_things": self.max_things, "max_count": self.max_count}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Vocabulary:
        values: dict[str, Any] = {k: v if k.startswith("max_") else tuple(v) for k, v in data.items()}
        return Vocabulary(**values)


FULL = Vocabulary()
TOY_WORLD = Vocabulary(nouns=tuple(TOYS), motions=tuple(motion for motion in MOTIONS if motion not in ACTS))
"""What can be drawn without the art of the cast."""
SMALL = Vocabulary(
    nouns=("ball", "cube", "cone", "robot", "dog", "bird", "car", "boat", "house", "tree"),
    colors=("red", "orange", "yellow", "green", "blue", "purple", "pink", "white"),
    sizes=("medium",),
    finishes=("matte",),
    places=("meadow", "desert", "snow", "city street"),
    times=("day", "sunset", "night"),
    weathers=("clear",),
    motions=("stand", "left", "right", "toward", "away", "jump", "spin"),
    relations=("left", "right"),
    cameras=("static",),
    events=(),
    max_things=2,
    max_count=1,
)


def is_held_out(kind: str, first: str, second: str) -> bool:
    """Whether a pair is kept out of training. ``kind``: "color noun", "noun motion" or "noun relation".

    A fixed hash decides, so the same pairs are held out for ever, in every vocabulary, on every machine.
    """
    if second == "stand" or not first:  # every noun must be seen at rest, and what has no color is no pair
        return False
    digest = hashlib.sha256(f"{HELD_OUT_SALT}/{kind}/{first}/{second}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 < HELD_OUT_SHARE


def held_out_pairs(vocabulary: Vocabulary = FULL) -> list[tuple[str, str, str]]:
    """All held-out (kind, first, second) of a vocabulary."""
    kinds = {
        "color noun": (vocabulary.colors, vocabulary.nouns),
        "noun motion": (vocabulary.nouns, vocabulary.motions),
        "noun relation": (vocabulary.nouns, vocabulary.relations),
    }
    return [
        (kind, first, second)
        for kind, (firsts, seconds) in kinds.items()
        for first, second in product(firsts, seconds)
        if is_held_out(kind, first, second)
    ]
