"""The lexicon: every word and phrase that a prompt may use, and what it means on the stage.

The caption grammar's own phrases come from ``captions.py`` and ``vocabulary.py``; what the stage lacks, ``STAND_INS``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from ozora.language.captions import CAMERA_PHRASES, PLACE_PHRASES, SAYS, TIME_PHRASES, WEATHER_PHRASES
from ozora.language.cast import ACTS, CAST
from ozora.language.vocabulary import COLOR_SYNONYMS, COLORS, COUNTS, SIZE_SYNONYMS, TOYS

WOODED = ("forest", "wood", "woods", "jungle", "grove", "orchard")
"""Places that are drawn as a meadow with a tree."""
STAND_INS: dict[str, dict[str, tuple[str, ...]]] = {
    "noun": {
        "person": ("human", "someone", "somebody", "astronaut", "figure"),
        "man in trousers": (
            "chef",
            "teacher",
            "doctor",
            "hero",
            "farmer",
            "worker",
            "pirate",
            "dancer",
            "friend",
            "lumberjack",
        ),
        "man in a robe": ("wizard", "monk", "priest", "philosopher"),
        "old man": ("grandfather", "grandpa", "elder"),
        "woman in a dress": ("princess", "nurse", "bride", "grandmother", "witch"),
        "general": ("king", "prince", "emperor", "officer", "captain"),
        "warrior queen": ("heroine", "amazon"),
        "warrior": ("viking", "samurai", "gladiator", "barbarian", "fighter"),
        "soldier": ("guard", "legionary", "troop"),
        "archer": ("hunter", "bowman"),
        "traveler": ("hiker", "pilgrim", "wanderer", "tourist"),
        "rider on a horse": ("cowboy", "horseman", "jockey"),
        "robot": ("android", "cyborg", "droid", "machine", "alien", "monster", "zombie"),
        "cat": ("mouse", "squirrel", "hamster"),
        "tiger": ("leopard", "panther", "cheetah", "jaguar"),
        "brown dog": ("corgi", "retriever", "pet"),
        "white horse": ("unicorn",),
        "stag": ("moose", "reindeer", "elk"),
        "doe": ("deer", "fawn"),
        "brown bear": ("grizzly",),
        "white bear": ("polar bear",),
        "black bear": ("panda", "gorilla"),
        "wildebeest": ("buffalo", "bison"),
        "crocodile": ("alligator", "lizard", "dinosaur", "dragon"),
        "hawk": ("eagle", "falcon", "owl", "crow", "raven", "vulture"),
        "bird": ("parrot", "pigeon", "seagull", "butterfly", "bee", "sparrow"),
        "chicken": ("duck", "goose", "hen", "rooster", "turkey", "penguin"),
        "shark": ("whale", "dolphin"),
        "silver fish": ("goldfish", "salmon", "trout"),
        "horse and cart": ("wagon", "carriage"),
        "car": ("taxi", "cab", "automobile", "motorcycle", "bicycle", "bike", "jeep", "limousine"),
        "truck": ("bus", "van", "train", "tractor", "tank"),
        "sailing ship": ("yacht", "ferry", "galleon"),
        "rowboat": ("canoe", "kayak", "raft"),
        "rocket": ("spacecraft", "plane", "airplane", "jet", "helicopter", "ufo", "missile"),
        "balloon": ("airship", "zeppelin", "kite"),
        "stone house": ("home", "building", "mansion", "shop", "church", "inn"),
        "thatched hut": ("cabin", "shed", "shack"),
        "castle": ("palace", "fortress", "fort"),
        "stone tower": ("skyscraper", "chimney"),
        "stone pyramid": ("ziggurat",),
        "oak tree": ("maple", "beech", "plant"),
        "palm tree": ("palm", "cactus"),
        "fir tree": ("spruce", "christmas tree"),
        "poppy bush": ("flower", "flowers", "rose"),
        "ball": ("marble", "bubble", "apple", "football", "globe", "egg", "tomato"),
        "cube": ("crate", "rock", "brick", "dice", "chest", "package", "gift"),
        "cone": ("volcano",),
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
            *("garden", "park", "hill", "hills", "mountain", "mountains", "valley", "farm", "countryside", "lawn"),
            *("prairie", "savanna", "island", "backyard", "yard", *WOODED),
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
"""Words that the vocabulary lacks, and what stands in for them. They are read, and the user is told."""

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

GO: dict[str, tuple[str, ...]] = {
    "": ("move", "go", "come", "travel", "head", "roll", "slide", "sail", "float", "cruise", "drift"),
    "walk": ("walk", "stroll", "march", "wander", "stride", "crawl", "trot"),
    "run": ("run", "race", "gallop", "hurry", "rush", "sprint", "charge", "speed"),
    "fly": ("fly", "flutter"),
    "glide": ("glide", "soar"),
    "swim": ("swim",),
}
"""Verbs that go somewhere, by the manner that they tell."""
HOP = ("hop",)
"""Goes somewhere when a direction is given; on the spot it is a jump."""
RIDE = ("drive", "ride", "steer")
"""What is ridden goes; its rider has no motion of its own."""
STILL = ("does not move", "do not move", "not moving", "still")
ACTIONS: dict[str, tuple[str, ...]] = {
    "stand": ("stand still", "stand there", "stand", "wait", "rest", *STILL),
    "jump": ("jump", "jump up and down", "leap", "dance"),
    "bounce": ("bounce", "bounce up and down"),
    "spin": ("spin", "spin around", "turn around on the spot", "turn around", "rotate", "twirl"),
    "fall": ("fall from the sky", "fall down", "drop to the ground", "fall", "drop"),
    "rise": ("rise into the sky", "take off", "rise up", "rise"),
}
LOOSE_ACTS: dict[str, tuple[str, ...]] = {
    "eat": ("eat", "eating", "graze", "grazes", "grazing", "feed", "feeding"),
    "fight": ("attack", "attacking", "fight", "battle", "battles", "battling", "duel", "duels"),
    "shoot": ("shoot", "shoots", "shooting", "aims", "aiming"),
    "chop": ("chop", "chops", "chopping", "cut wood", "cuts wood", "cutting wood"),
    "hoe": ("hoe", "hoes", "hoeing", "dig", "digs", "digging", "plow", "plows", "garden", "gardening"),
    "pick": ("pick", "picks", "picking", "harvest", "harvests", "harvesting"),
    "mine": ("mine", "mines", "mining", "breaks stones"),
    "hammer": ("hammer", "hammering", "build", "builds", "building a house"),
    "pray": ("pray", "praying", "kneel", "kneels", "kneeling", "worship", "worships"),
    "sit": ("sit", "sitting", "sit down", "sits down"),
    "lie": ("lie", "lies", "lying", "lying down", "sleep", "sleeps", "sleeping"),
    "sniff": ("sniff", "sniffs", "sniffing"),
    "kick": ("kick", "kicking"),
    "collapse": ("collapse", "collapsing", "die", "dies", "dying", "faint", "faints"),
}
"""What captions do not say of an act, but people do."""
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
    ("bite", "does to"): ("bites into", "bites"),
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
BARE: dict[str, str] = {
    **{member.noun: name for name, member in reversed(CAST.items())},
    **{"soldier": "soldier", "fox": "red fox", "cow": "brown cow", "house": "stone house", "tree": "oak tree"},
    **{"boat": "rowboat", "woman": "woman in a dress", "man": "man in trousers", "person": "man in trousers"},
    **{"pony": "brown horse", "puppy": "brown dog", "hut": "thatched hut", "cottage": "cottage", "hound": "gray dog"},
    **{"knight": "knight on a horse", "cavalry": "rider on a horse", "horseback rider": "rider on a horse"},
    **{"girl": "woman in a skirt", "lady": "woman in a dress", "boy": "man in a kilt", "guy": "man in trousers"},
    **{"king": "general", "bush": "lavender bush", "shrub": "lavender bush", "stall": "market stall"},
    **{"oak": "oak tree", "pine": "pine tree", "willow": "willow tree", "birch": "birch tree", "baobab": "baobab tree"},
    **{"calf": "brown cow", "lamb": "sheep", "foal": "brown horse", "bunny": "rabbit", "hare": "rabbit"},
}
"""A noun alone, and who of the cast it is."""
IRREGULAR = {
    **{"man": "men", "woman": "women", "person": "people", "wolf": "wolves", "sheep": "sheep", "fish": "fish"},
    **{"child": "children", "mouse": "mice", "goose": "geese", "calf": "calves", "deer": "deer", "ox": "oxen"},
    **{"old man": "old men", "spearman": "spearmen", "silver fish": "silver fish", "cavalry": "cavalry"},
    **{"bowman": "bowmen", "horseman": "horsemen", "salmon": "salmon", "trout": "trout", "bison": "bison"},
}
WEARERS = {
    "woman": ("woman", "girl", "lady"),
    "women": ("women", "girls", "ladies"),
    "man": ("man", "boy", "guy"),
    "men": ("men", "boys", "guys"),
}
"""Who may wear what the cast wears."""
WEARS = ("in", "wearing", "dressed in")
GARMENTS = (
    *("dress", "robe", "skirt", "kilt", "trousers", "pants", "jeans", "shirt", "coat", "jacket", "suit", "sweater"),
    *("cloak", "cape", "uniform", "armor", "armour", "tunic", "toga", "sari", "hat", "clothes", "clothing", "shoes"),
)
"""Clothes: they take a color, and are otherwise those of who wears them."""
WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"[^\W_]+|[,.;:!?]")
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
    """A word or phrase of a prompt and how it was read. ``loose``: the vocabulary lacks the word, ``value`` stands in.

    The value of a noun is what it is without a color, and after a "/" the toy that it is with one; or a member of the
    cast and, after a "=", the color of its clothes.
    """

    word: str
    kind: str
    value: str
    loose: bool = False


def forms(verb: str) -> tuple[str, ...]:
    """The forms of a verb (with whatever follows it) in captions: base, third person, participle."""
    head, space, rest = verb.partition(" ")
    if head in ("does", "do", "not", "still"):
        return (verb,)
    sibilant = head.endswith(("sh", "ch", "s"))
    third = {"fly": "flies", "go": "goes", "hurry": "hurries"}.get(head, head + ("es" if sibilant else "s"))
    doubled = {"run", "swim", "hop", "spin", "drop", "trot"}
    stem = head + head[-1] if head in doubled else head[:-1] if head.endswith("e") else head
    return tuple(f"{form}{space}{rest}" for form in (head, third, stem + "ing"))


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
            lexicon[tuple(TOKEN.findall(phrase.lower()))] = Said(word=phrase, kind=kind, value=value, loose=loose)

    _add_settings(add)
    _add_things(add)
    _add_cast(add)
    _add_verbs(add)
    return lexicon


def _add_settings(add: Add) -> None:
    for kind, table in STAND_INS.items():
        for value, words in table.items():
            add(kind, value, words, loose=True)
            if kind == "noun":
                add("nouns", value, tuple(_plural(word) for word in words if _plural(word) != word), loose=True)
    for tables in (PLAIN, settings()):
        for kind, table in tables.items():
            for value, words in table.items():
                add(kind, value, words)


def _add_things(add: Add) -> None:
    for noun, entry in TOYS.items():
        for word in (noun, *entry.synonyms):
            plain = BARE.get(word)
            value = noun if plain is None else f"{plain}/{noun}"
            add("nouns", value, (_plural(word),))
            add("noun", value, (word,))
        if entry.plural not in ("", noun):
            add("nouns", f"{BARE[noun]}/{noun}" if noun in BARE else noun, (entry.plural,))
    for color in COLORS:
        colored = (color, *COLOR_SYNONYMS.get(color, ()))
        add("color", color, colored)
        add("worn", color, tuple(f"{link} {word}" for link in WEARS for word in colored))
        painted = [f"{verb} {word}" for word in colored for verb in ("is painted", "turns", "becomes")]
        add("event", f"paint {color}/happens", tuple(painted))
    add("garment", "", GARMENTS)
    for size, words in SIZE_SYNONYMS.items():
        add("size", size, (size, *words))
    for number, word in COUNTS.items():
        add("count", str(number), (word, str(number)))
    add("count", "2", ("a couple of", "a pair of", "both"))
    add("count", "3", ("several", "many", "a few", "a group of", "a herd of", "a flock of", "an army of"))


def _add_cast(add: Add) -> None:
    toys = {word: noun for noun, entry in TOYS.items() for word in (noun, *entry.synonyms)}
    for word, name in BARE.items():
        if word not in toys:
            add("noun", name, (word,))
            if _plural(word) != word:
                add("nouns", name, (_plural(word),))
    for name, member in CAST.items():
        for color in ("", *COLORS) if member.dyed else ("",):
            for said in ("",) if not color else (color, *COLOR_SYNONYMS.get(color, ())):
                value = f"{name}={color}" if color else f"{name}/{toys[name]}" if name in toys else name
                _add_clothed(add, value, member.called(said), "noun")
                if member.plural != name:
                    _add_clothed(add, value, member.called(said, plural=True), "nouns")


def _add_clothed(add: Add, value: str, phrase: str, kind: str) -> None:
    """A name of the cast, and the same with other words for who wears the clothes and for wearing them."""
    head, link, garment = phrase.partition(" in a ")
    if not link:
        head, link, garment = phrase.partition(" in an ")
    if link and head in WEARERS:
        for wearer in WEARERS[head]:
            for wears in (link, link.replace(" in ", " wearing "), " in "):
                add(kind, value, (f"{wearer}{wears}{garment}",), loose=True)
    add(kind, value, (phrase,))


def _plural(noun: str) -> str:
    """The plural of a noun: that of the cast, or by the rules of spelling."""
    for member in CAST.values():
        if noun in (member.name, member.noun):
            return IRREGULAR.get(noun, member.plural if noun == member.name else _regular(noun))
    return IRREGULAR.get(noun, _regular(noun))


def _regular(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeou" else noun + "s"


def _add_verbs(add: Add) -> None:
    for value, verbs in (*GO.items(), ("hop", HOP), ("ride", RIDE)):
        for verb in verbs:
            add("go", value, forms(verb))
    for kind, table in (("motion", ACTIONS), ("bound", BOUND_ACTIONS)):
        for value, phrases in table.items():
            add(kind, value, tuple(form for phrase in phrases for form in forms(phrase)))
    for value, act in ACTS.items():
        add("act", value, (*LOOSE_ACTS[value], *act.phrases, act.plural, *(p.removeprefix("is ") for p in act.phrases)))
    for kind, table in (("way", WAYS), ("relation", RELATIONS)):
        for value, phrases in table.items():
            add(kind, value, phrases)
    for value in ("left", "right"):
        add("side", value, (f"on the {value}", f"on the {value} side"))
        add("own side", value, (f"on its {value}", f"to its {value}"))
        add("filler", "", (f"facing {value}", f"looking {value}"))
    for (event, order), phrases in EVENT_PHRASES.items():
        add("event", f"{event}/{order}", phrases)
    add("says", "", (*SAYS, "which says", "saying", "reading", "with the text", "says"))
    add("past", "", ("past", "by", "passes", "passing", "passes by"))
    add("filler", "", ("comes out", "comes out again", "out of"))
    add("which", "", ("which", "that", "who"))
    add("article", "a", ("a", "an", "another"))
    add("article", "the", ("the",))
    add("and", "", ("and",))
    add("stop", "", (",", ".", ";", ":", "!", "?"))


def tokens(text: str) -> list[Said]:
    """The prompt as the longest phrases of the lexicon, in order; kind "unknown" for what is in no table, "word" for
    what a sign says."""
    lexicon = _lexicon()
    words = TOKEN.findall(re.sub(r"['\u2019]s\b", "", text))
    lower = [word.lower() for word in words]
    longest = max(map(len, lexicon))
    result: list[Said] = []
    at = 0
    while at < len(words):
        if result and result[-1].kind == "says" and WORD.fullmatch(words[at]):
            result.append(Said(word=words[at], kind="word", value=words[at].upper()))
            at += 1
            continue
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
