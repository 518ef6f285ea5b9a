"""The lexicon: every word and phrase that a prompt may use, and what it means on the stage.

The caption grammar's own phrases come from ``captions.py`` and ``vocabulary.py``; what the stage lacks, ``STAND_INS``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from ozora.language.captions import CAMERA_PHRASES, PLACE_PHRASES, TIME_PHRASES, WEATHER_PHRASES
from ozora.language.vocabulary import COLOR_SYNONYMS, COLORS, COUNTS, NOUNS, SIZE_SYNONYMS

STAND_INS: dict[str, dict[str, tuple[str, ...]]] = {
    "noun": {
        "person": (
            *("men", "women", "girl", "boy", "child", "children", "kid", "baby", "lady", "guy", "king", "queen"),
            *("prince", "princess", "human", "soldier", "dancer", "astronaut", "chef", "teacher", "doctor", "hero"),
            *("wizard", "witch", "knight", "samurai", "farmer", "someone", "somebody", "friend", "pirate", "ninja"),
        ),
        "robot": ("android", "cyborg", "droid", "machine", "alien", "monster", "zombie"),
        "cat": ("lion", "tiger", "leopard", "panther", "fox", "rabbit", "mouse", "squirrel"),
        "dog": ("wolf", "hound", "corgi", "retriever", "bear", "panda", "pig", "sheep", "goat", "animal", "pet"),
        "horse": ("donkey", "zebra", "unicorn", "cow", "deer", "camel", "elephant", "giraffe", "dinosaur", "dragon"),
        "bird": ("eagle", "parrot", "owl", "pigeon", "seagull", "duck", "chicken", "penguin", "butterfly", "bee"),
        "fish": ("shark", "whale", "dolphin", "goldfish"),
        "car": ("taxi", "cab", "automobile", "motorcycle", "bicycle", "bike", "jeep", "limousine"),
        "truck": ("bus", "van", "train", "tractor", "tank"),
        "boat": ("ship", "yacht", "canoe", "ferry"),
        "rocket": ("spacecraft", "plane", "airplane", "jet", "helicopter", "ufo", "missile"),
        "balloon": ("airship", "zeppelin", "kite"),
        "house": ("home", "cabin", "barn", "castle", "church", "shop", "temple", "building", "mansion"),
        "tower": ("skyscraper", "lighthouse", "chimney"),
        "tree": ("oak", "pine", "palm", "bush", "plant", "flower", "rose", "cactus"),
        "ball": ("marble", "bubble", "apple", "football", "globe", "egg", "tomato"),
        "cube": ("crate", "rock", "stone", "brick", "dice", "chest", "package", "gift"),
        "cone": ("hat", "volcano"),
        "cylinder": ("barrel", "can", "pillar", "bottle", "cup", "mug", "vase"),
        "ring": ("wheel", "tire", "donut", "doughnut"),
        "table": ("desk", "bench"),
        "chair": ("sofa", "couch", "stool", "throne"),
        "lamp": ("lantern", "candle", "torch", "streetlight"),
        "cookie": ("cake", "pizza", "pie", "coin"),
        "sign": ("billboard", "poster", "banner"),
    },
    "place": {
        "meadow": (
            *("forest", "wood", "woods", "jungle", "garden", "park", "hill", "hills", "mountain", "mountains"),
            *("valley", "farm", "countryside", "lawn", "prairie", "savanna", "island", "backyard", "yard"),
        ),
        "desert": ("sahara", "dune", "dunes", "mars", "moon", "egypt", "canyon"),
        "snow": ("arctic", "antarctica", "north pole", "ice", "winter", "glacier", "tundra", "alps"),
        "city street": (
            *("tokyo", "paris", "london", "berlin", "new york", "shanghai", "los angeles", "manhattan", "times square"),
            *("downtown", "road", "highway", "sidewalk", "crossroads", "market", "village", "bridge", "alley"),
        ),
        "room": ("kitchen", "office", "bedroom", "bathroom", "studio", "classroom", "restaurant", "hall", "floor"),
        "sea": ("beach", "lake", "river", "harbor", "coast", "shore", "waves", "pond", "underwater"),
    },
    "color": {
        "red": ("crimson", "ruby", "maroon", "cherry"),
        "orange": ("copper", "apricot"),
        "yellow": ("golden", "gold", "blonde", "lemon"),
        "green": ("emerald", "olive", "lime"),
        "teal": ("cyan", "aqua"),
        "blue": ("navy", "azure", "sapphire", "indigo"),
        "purple": ("lavender", "lilac"),
        "pink": ("magenta", "rosy"),
        "brown": ("tan", "bronze", "chestnut", "wooden"),
        "white": ("ivory", "snowy white"),
        "gray": ("silver", "metallic"),
        "black": ("ebony", "jet black"),
    },
    "size": {"small": ("mini", "miniature"), "large": ("giant", "enormous", "gigantic", "tall", "massive")},
    "time": {"night": ("neon", "moonlit"), "day": ("summer",)},
    "weather": {"rain": ("storm", "thunderstorm", "drizzle"), "snowfall": ("blizzard",), "fog": ("smoke", "haze")},
}
"""Words that the stage lacks, and what stands in for them. They are read, and the user is told."""

PLAIN: dict[str, dict[str, tuple[str, ...]]] = {
    "place": {
        "meadow": ("meadow", "field", "grass", "grassy"),
        "desert": ("desert", "sand", "sandy"),
        "snow": ("snow", "snowy"),
        "city street": ("city", "street", "town", "urban"),
        "room": ("room", "indoors", "inside"),
        "sea": ("sea", "ocean", "water"),
    },
    "time": {
        "morning": ("morning", "dawn", "sunrise"),
        "day": ("day", "daylight", "daytime", "noon", "sunny"),
        "sunset": ("sunset", "evening", "dusk", "twilight", "golden hour"),
        "night": ("night", "nighttime", "midnight", "dark", "stars", "moonlight"),
    },
    "weather": {
        "clear": ("clear sky", "clear weather", "cloudless"),
        "rain": ("rain", "rainy", "raining", "rains"),
        "snowfall": ("snowing", "snowfall", "falling snow", "snows"),
        "fog": ("fog", "foggy", "mist", "misty"),
    },
    "size": {"": ("medium", "medium sized")},
}
"""The setting in single words; what the caption grammar says in phrases."""

GO = ("move", "go", "come", "travel", "head", "walk", "run", "roll", "slide", "fly", "swim", "sail", "float")
LOOSE_GO = ("stroll", "march", "race", "speed", "gallop", "trot", "wander", "crawl", "hurry", "rush", "cruise", "drift")
RIDE = ("drive", "ride", "steer")
"""What is ridden goes; its rider has no motion of its own."""
ACTIONS: dict[str, tuple[str, ...]] = {
    "stand": ("stand still", "stand there", "stand", "sit", "wait", "rest", "does not move", "not moving", "still"),
    "jump": ("jump", "jump up and down", "hop", "leap", "dance"),
    "bounce": ("bounce", "bounce up and down"),
    "spin": ("spin", "spin around", "turn around on the spot", "turn around", "rotate", "twirl"),
    "fall": ("fall from the sky", "fall down", "drop to the ground", "fall", "drop"),
    "rise": ("rise into the sky", "take off", "rise up", "rise"),
}
BOUND_ACTIONS: dict[str, tuple[str, ...]] = {
    "orbit": ("circle around", "orbit", "go around", "circle", "walk around", "run around", "fly around"),
    "follow": ("follow", "come after", "go behind", "chase"),
    "hide": ("hide behind", "go and hides behind", "go and hide behind"),
}
"""Motions that need a second thing."""
WAYS: dict[str, tuple[str, ...]] = {
    "left": ("left", "to the left", "from right to left", "from the right to the left", "leftward", "leftwards"),
    "right": ("right", "to the right", "from left to right", "from the left to the right", "rightward", "rightwards"),
    "toward": (
        *("closer", "toward the camera", "towards the camera", "toward us", "towards us"),
        *("toward the viewer", "towards the viewer"),
    ),
    "away": ("away", "away from the camera", "away from us", "into the distance"),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "left": ("to the left of", "left of", "on the left of", "on the left side of"),
    "right": ("to the right of", "right of", "on the right of", "on the right side of"),
    "front": ("in front of",),
    "behind": ("behind",),
    "on": ("on top of", "on", "atop"),
    "under": ("under", "below", "beneath"),
}
EVENT_PHRASES: dict[tuple[str, str], tuple[str, ...]] = {
    ("bite", "done to"): ("a bite is taken out of", "someone bites into"),
    ("bite", "does to"): ("bites into", "bites", "eats", "is eating", "eating"),
    ("bite", "happens"): ("is bitten",),
    ("switch on", "happens"): ("is switched on", "lights up", "is turned on", "turns on"),
    ("topple", "does to"): ("knocks over", "knocks down"),
    ("topple", "done by"): ("is knocked over by", "is knocked down by"),
    ("topple", "happens"): ("is knocked over", "falls over", "topples over", "topples"),
    ("collide", "does to"): ("hits", "bumps into", "collides with", "crashes into"),
    ("enter", "goes into"): ("goes into", "enters"),
}
"""How a phrase places the event's subject: it follows (done to), it follows and the doer precedes (does to), it
precedes and the doer follows (done by), it precedes alone (happens), it precedes and its place follows (goes into)."""
FILLERS = frozenset(
    (
        *("is", "are", "am", "was", "were", "be", "being", "has", "have", "does", "do", "there", "and"),
        *("then", "with", "of", "in", "at", "by", "while", "as", "it", "its", "he", "she", "his", "her"),
        *("they", "their", "this", "that", "who", "from", "to", "into", "out", "up", "down", "again"),
        *("along", "through", "over", "across", "around", "near", "comes", "some", "very", "so", "which"),
        *("on", "itself", "video", "clip", "shot", "scene", "showing", "shows"),
    )
)
"""Words that say nothing by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word or phrase of a prompt and how it was read. ``loose``: the stage lacks the word, ``value`` stands in."""

    word: str
    kind: str
    value: str
    loose: bool = False


def forms(verb: str) -> tuple[str, ...]:
    """The forms of a verb (with whatever follows it) in captions: base, third person, participle."""
    head, space, rest = verb.partition(" ")
    if head in ("does", "not", "still"):
        return (verb,)
    third = {"fly": "flies", "go": "goes", "rush": "rushes", "hurry": "hurries", "march": "marches", "chase": "chases"}
    doubled = {"run", "swim", "hop", "spin", "drop", "sit", "trot"}
    stem = head + head[-1] if head in doubled else head[:-1] if head.endswith("e") else head
    return tuple(f"{form}{space}{rest}" for form in (head, third.get(head, head + "s"), stem + "ing"))


def settings() -> dict[str, dict[str, tuple[str, ...]]]:
    cameras = {
        value: (value, *phrases, *(phrase.removeprefix("the ") for phrase in phrases))
        for value, phrases in CAMERA_PHRASES.items()
    }
    cameras["follow"] += ("the camera follows", "camera follows", "tracking shot")
    return {"place": PLACE_PHRASES, "time": TIME_PHRASES, "weather": WEATHER_PHRASES, "camera": cameras}


class Add(Protocol):
    """Puts phrases of one meaning into the lexicon."""

    def __call__(self, kind: str, value: str, phrases: tuple[str, ...], loose: bool = False) -> None: ...


@cache
def _lexicon() -> dict[tuple[str, ...], Said]:
    """Every phrase that can be read, as a tuple of words; later entries win."""
    lexicon: dict[tuple[str, ...], Said] = {}

    def add(kind: str, value: str, phrases: tuple[str, ...], loose: bool = False) -> None:
        for phrase in phrases:
            lexicon[tuple(phrase.split())] = Said(word=phrase, kind=kind, value=value, loose=loose)

    _add_settings(add)
    _add_things(add)
    _add_verbs(add)
    return lexicon


def _add_settings(add: Add) -> None:
    for kind, table in STAND_INS.items():
        for value, words in table.items():
            add(kind, value, words, loose=True)
            if kind == "noun":
                add("nouns", value, tuple(f"{word}s" for word in words), loose=True)
    for tables in (PLAIN, settings()):
        for kind, table in tables.items():
            for value, words in table.items():
                add(kind, value, words)


def _add_things(add: Add) -> None:
    for noun, entry in NOUNS.items():
        add("nouns", noun, (*(f"{word}s" for word in (noun, *entry.synonyms)), entry.plural or f"{noun}s"))
        add("noun", noun, (noun, *entry.synonyms))
    for color in COLORS:
        colored = (color, *COLOR_SYNONYMS.get(color, ()))
        add("color", color, colored)
        painted = [f"{verb} {word}" for word in colored for verb in ("is painted", "turns", "becomes")]
        add("event", f"paint {color}/happens", tuple(painted))
    for size, words in SIZE_SYNONYMS.items():
        add("size", size, (size, *words))
    for number, word in COUNTS.items():
        add("count", str(number), (word, str(number)))
    add("count", "2", ("a couple of", "a pair of", "both"))
    add("count", "3", ("several", "many", "a few", "a group of"))


def _add_verbs(add: Add) -> None:
    for value, verbs in (("", (*GO, *LOOSE_GO)), ("ride", RIDE)):
        for verb in verbs:
            add("go", value, forms(verb))
    for kind, table in (("motion", ACTIONS), ("bound", BOUND_ACTIONS)):
        for value, phrases in table.items():
            add(kind, value, tuple(form for phrase in phrases for form in forms(phrase)))
    for kind, table in (("way", WAYS), ("relation", RELATIONS)):
        for value, phrases in table.items():
            add(kind, value, phrases)
    for value in ("left", "right"):
        add("side", value, (f"on the {value}", f"on the {value} side"))
        add("own side", value, (f"on its {value}", f"to its {value}"))
        add("filler", "", (f"facing {value}", f"looking {value}"))
    for (event, order), phrases in EVENT_PHRASES.items():
        add("event", f"{event}/{order}", phrases)
    add("past", "", ("past", "by", "passes", "passing", "passes by"))
    add("filler", "", ("comes out", "comes out again", "out of"))
    add("which", "", ("which", "that", "who"))
    add("article", "a", ("a", "an", "another"))
    add("article", "the", ("the",))
    add("and", "", ("and",))
    add("stop", "", (",", ".", ";", ":", "!", "?"))


def tokens(text: str) -> list[Said]:
    """The prompt as the longest phrases of the lexicon, in order; kind "unknown" for what is in no table."""
    lexicon = _lexicon()
    words = re.findall(r"[^\W_]+|[,.;:!?]", re.sub(r"['\u2019]s\b", "", text))
    lower = [word.lower() for word in words]
    longest = max(map(len, lexicon))
    result: list[Said] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            entry = lexicon.get(tuple(lower[at : at + length]))
            if entry is not None:
                break
        else:
            length = 1
            entry = Said(word="", kind="filler" if lower[at] in FILLERS else "unknown", value="")
        if entry.kind != "filler":
            result.append(replace(entry, word=" ".join(words[at : at + length])))
        at += length
    return result
