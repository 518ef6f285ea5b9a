"""Who is in the troupe: the visible list of roles, each an actor of 0 A.D. with plain names for what it is and does.

``height_m`` is a scale hint, real for animals and people; buildings and trees are kept low, as on a stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["person", "animal", "building", "plant", "vehicle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One clip of a role: ``clip`` is our name; ``state`` picks the actor's variants and animation; ``pick`` chooses
    among several of one name. ``travels``: the ground passes below (walk, run, fly, swim). ``pace`` below 1 slows it
    down."""

    clip: str
    state: str
    pick: int = 0
    loops: bool = True
    travels: bool = False
    pace: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One member to be. ``looks`` are variant names that come before the dice of ``seed``; ``tunic`` is a color word
    for the parts that take a player's color; ``without`` drops props whose actor path contains one of these;
    ``glides``: flies or swims, its stride is the game's pace."""

    name: str
    noun: str
    traits: tuple[str, ...] = ()
    family: Family
    actor: str
    height_m: float
    acts: tuple[Act, ...] = ()
    looks: tuple[str, ...] = ()
    tunic: str = "red"
    seed: str = ""
    without: tuple[str, ...] = ()
    picture_side: int = 256
    glides: bool = False


IDLE = Act(clip="idle", state="idle")
WALK = Act(clip="walk", state="walk", travels=True)
RUN = Act(clip="run", state="run", travels=True)
FEED = Act(clip="feed", state="feeding")
ATTACK = Act(clip="attack", state="attack_melee")
SHOOT = Act(clip="shoot", state="attack_ranged")
DIE = Act(clip="die", state="death", loops=False)
SWIM = Act(clip="swim", state="walk", travels=True)
FLY = Act(clip="fly", state="walk", travels=True)
CHOP = Act(clip="chop", state="gather_tree")
HOE = Act(clip="hoe", state="gather_grain")
PICK = Act(clip="pick", state="gather_fruit")
MINE = Act(clip="mine", state="gather_rock")
HAMMER = Act(clip="hammer", state="build")
PRAY = Act(clip="pray", state="gather_praise")

MOVES = (IDLE, WALK, RUN)
BEAST = (*MOVES, ATTACK, DIE)
LIE = Act(clip="lie down", state="idle", pick=0)
WOLF = (Act(clip="idle", state="idle", pick=1), LIE, Act(clip="sit", state="idle", pick=2), WALK, RUN, ATTACK, DIE)
HORSE = (*MOVES, Act(clip="kick", state="idle", pick=1), Act(clip="paw", state="idle", pick=2), DIE)
HOUND = (
    Act(clip="idle", state="idle", pick=2),
    Act(clip="sniff", state="idle", pick=0),
    Act(clip="lie down", state="idle", pick=1),
    Act(clip="sit", state="idle", pick=3),
    WALK,
    ATTACK,
    DIE,
)
GRAZE = Act(clip="feed", state="idle")
DOG = (IDLE, Act(clip="walk", state="walk", travels=True, pace=0.55), RUN, ATTACK, DIE)
GRAZER = (*MOVES, FEED, DIE)
CITIZEN = (*MOVES, CHOP, HOE, PICK, MINE, HAMMER, PRAY, DIE)
SOLDIER = (*MOVES, ATTACK, DIE)
ARCHER = (*MOVES, SHOOT, DIE)
RIDER = (*MOVES, ATTACK)
MOUNTED_ARCHER = (*MOVES, SHOOT)


def _animal(
    name: str, actor: str, height_m: float, acts: tuple[Act, ...], *, looks: tuple[str, ...] = (), glides: bool = False
) -> Role:
    *traits, noun = name.split()
    return Role(
        name=name,
        noun=noun,
        traits=tuple(traits),
        family="animal",
        actor=f"{actor}.xml" if "/" in actor else f"fauna/{actor}.xml",
        height_m=height_m,
        acts=acts,
        looks=looks,
        glides=glides,
    )


def _person(
    name: str,
    noun: str,
    actor: str,
    height_m: float,
    acts: tuple[Act, ...],
    *,
    tunic: str = "red",
    looks: tuple[str, ...] = (),
) -> Role:
    return Role(
        name=name,
        noun=noun,
        traits=tuple(word for word in name.replace(noun, " ").split()),
        family="person",
        actor=f"units/{actor}.xml",
        height_m=height_m,
        acts=acts,
        tunic=tunic,
        looks=looks,
    )


def _scenery(
    name: str,
    noun: str,
    family: Family,
    actor: str,
    height_m: float,
    *,
    tunic: str = "red",
    looks: tuple[str, ...] = (),
) -> Role:
    folder = "flora/trees" if family == "plant" else "structures"
    return Role(
        name=name,
        noun=noun,
        traits=tuple(word for word in name.replace(noun, " ").split()),
        family=family,
        actor=f"{folder}/{actor}.xml",
        height_m=height_m,
        tunic=tunic,
        looks=looks,
        without=("decals/", "garrison_flag"),
    )


ROLES: tuple[Role, ...] = (
    _animal("brown horse", "horse_brown", 1.9, HORSE),
    _animal("white horse", "horse_pure_white", 1.9, HORSE),
    _animal("gray horse", "horse_gray", 1.9, HORSE),
    _animal("black horse", "horse_pure_black", 1.9, HORSE),
    _animal("tan horse", "horse_beige", 1.9, HORSE),
    _animal("spotted horse", "horse_skewbald", 1.9, HORSE),
    _animal("zebra", "zebra_2", 1.6, HORSE),
    _animal("donkey", "donkey", 1.35, (IDLE, WALK, DIE)),
    _animal("camel", "camel", 2.2, BEAST),
    _animal("giraffe", "giraffe_adult", 5.0, (*MOVES, DIE)),
    _animal("elephant", "elephant_african_bush", 3.1, BEAST),
    _animal("baby elephant", "elephant_african_baby", 1.5, (*MOVES, DIE)),
    _animal("rhino", "rhino", 1.75, BEAST),
    _animal("hippo", "hippopotamus", 1.55, BEAST),
    _animal("tiger", "tiger", 1.05, BEAST),
    _animal("lion", "lion", 1.25, BEAST),
    _animal("lioness", "lioness", 1.1, BEAST),
    _animal("brown bear", "bear_brown", 1.25, BEAST),
    _animal("black bear", "bear_black", 1.1, BEAST),
    _animal("white bear", "bear_white", 1.4, BEAST),
    _animal("brown dog", "mastiff", 0.85, DOG, looks=("brown",)),
    _animal("gray dog", "mastiff", 0.85, DOG, looks=("taupe",)),
    _animal("shaggy dog", "units/britons/wolfhound", 0.9, HOUND),
    _animal("gray wolf", "wolf", 0.9, WOLF, looks=("fur-grey",)),
    _animal("white wolf", "arctic_wolf", 0.9, WOLF),
    _animal("red fox", "fox_red", 0.45, GRAZER),
    _animal("white fox", "fox_arctic", 0.45, GRAZER),
    _animal("doe", "deer", 1.3, (*MOVES, DIE), looks=("female", "base-brown-freckles")),
    _animal("stag", "deer", 1.6, (*MOVES, DIE), looks=("male", "base-brown")),
    _animal("gazelle", "gazelle", 1.0, (*MOVES, DIE)),
    _animal("wildebeest", "wildebeest", 1.45, (*MOVES, FEED, ATTACK, DIE)),
    _animal(
        "black-and-white cow", "cow", 1.45, (*MOVES, FEED, ATTACK, DIE), looks=("cattle_unhorned", "black and white")
    ),
    _animal("beige cow", "cow", 1.45, (*MOVES, FEED, ATTACK, DIE), looks=("cattle_unhorned", "beige")),
    _animal("brown cow", "cow", 1.45, (*MOVES, FEED, ATTACK, DIE), looks=("cattle_horned", "white and brown")),
    _animal("black bull", "bull", 1.6, (*MOVES, FEED, ATTACK, DIE)),
    _animal("spotted bull", "sanga_cattle", 1.7, (*MOVES, FEED, ATTACK, DIE)),
    _animal("sheep", "sheep3", 0.9, (*MOVES, Act(clip="feed", state="idle", pick=2), DIE)),
    _animal("white goat", "goat", 0.9, (GRAZE, WALK, DIE), looks=("female", "white")),
    _animal("brown goat", "goat", 0.9, (GRAZE, WALK, DIE), looks=("female", "brown")),
    _animal("black ram", "goat", 0.95, (GRAZE, WALK, DIE), looks=("male", "black")),
    _animal("pig", "pig1", 0.85, MOVES),
    _animal("boar", "boar", 0.95, BEAST),
    _animal("rabbit", "rabbit1", 0.35, (IDLE, Act(clip="hop", state="walk", travels=True), DIE)),
    _animal("chicken", "chicken", 0.42, (*MOVES, DIE)),
    _animal("peacock", "peacock", 0.95, (IDLE, WALK, FEED, DIE)),
    _animal("crocodile", "crocodile", 0.5, BEAST),
    _animal("hawk", "hawk", 0.4, (FLY, Act(clip="glide", state="walk", pick=1, travels=True)), glides=True),
    _animal("shark", "shark", 1.0, (IDLE, SWIM), glides=True),
    _animal("fish", "fish_single", 0.3, (IDLE, SWIM), glides=True),
    _person("woman in a dress", "woman", "seleucids/female_citizen", 1.68, CITIZEN, tunic="red"),
    _person("woman in a plaid dress", "woman", "celts/female_citizen", 1.68, CITIZEN, tunic="green"),
    _person("woman in a sari", "woman", "mauryas/female_citizen", 1.66, CITIZEN, tunic="pink"),
    _person("woman in a skirt", "woman", "han/female_citizen", 1.66, CITIZEN, tunic="blue"),
    _person("woman in a short dress", "woman", "spartans/female_citizen", 1.68, CITIZEN, tunic="purple"),
    _person(
        "woman in a striped dress",
        "woman",
        "kushites/female_citizen",
        1.68,
        CITIZEN,
        tunic="orange",
        looks=("striped dress dark skin",),
    ),
    _person(
        "woman in a white dress",
        "woman",
        "kushites/female_citizen",
        1.68,
        CITIZEN,
        tunic="teal",
        looks=("white dress medium skin",),
    ),
    _person("man in a kilt", "man", "athenians/infantry_slinger_b", 1.78, (*MOVES, CHOP, HOE, MINE, HAMMER, DIE)),
    _person("man in trousers", "man", "britons/infantry_slinger_b", 1.8, (*MOVES, CHOP, HOE, MINE, HAMMER, DIE)),
    _person("man in a robe", "man", "han/healer", 1.74, (IDLE, WALK, RUN, DIE), tunic="blue"),
    _person("old man", "man", "hellenes/healer", 1.74, (IDLE, WALK, RUN, DIE)),
    _person("traveler", "traveler", "hellenes/trader_r", 1.76, (IDLE, WALK), tunic="green"),
    _person("ninja", "ninja", "global/ninja_female", 1.68, SOLDIER),
    _person("soldier", "soldier", "romans/infantry_swordsman_b", 1.78, SOLDIER),
    _person("spearman", "soldier", "spartans/infantry_spearman_b", 1.78, SOLDIER),
    _person("warrior", "warrior", "gauls/infantry_swordsman_b", 1.8, SOLDIER, tunic="blue"),
    _person("warrior queen", "queen", "britons/hero_infantry_swordsman_boudicca", 1.76, SOLDIER, tunic="green"),
    _person("general", "general", "spartans/hero_infantry_swordsman_brasidas", 1.8, SOLDIER),
    _person("archer", "archer", "persians/infantry_archer_b", 1.78, ARCHER, tunic="purple"),
    _person("archer in a straw hat", "archer", "han/infantry_archer_a", 1.74, ARCHER, tunic="blue"),
    _person("rider on a horse", "rider", "athenians/cavalry_swordsman_b_m", 2.5, RIDER, tunic="blue"),
    _person("archer on a horse", "rider", "persians/cavalry_archer_b_m", 2.5, MOUNTED_ARCHER, tunic="red"),
    _person("knight on a horse", "rider", "romans/hero_cavalry_swordsman_maximus_m", 2.6, RIDER, tunic="red"),
    _person("rider on a camel", "rider", "ptolemies/camel_archer_b_m", 3.0, MOUNTED_ARCHER, tunic="purple"),
    _person("rider on an elephant", "rider", "persians/elephantry_c_m", 4.2, RIDER, tunic="blue"),
    _person("chariot", "chariot", "persians/chariot_archer_b_m", 2.4, MOUNTED_ARCHER, tunic="red"),
    _person("horse and cart", "cart", "hellenes/trader", 2.1, (IDLE, WALK), tunic="blue"),
    _scenery("stone house", "house", "building", "hellenes/house", 4.0),
    _scenery("thatched hut", "hut", "building", "celts/hut", 3.2),
    _scenery("cottage", "house", "building", "gauls/house", 4.0),
    _scenery("villa", "house", "building", "romans/house", 4.5, looks=("house a",)),
    _scenery("mud-brick house", "house", "building", "persians/house", 4.2),
    _scenery("barn", "barn", "building", "gauls/farmstead", 4.5),
    _scenery("temple", "temple", "building", "athenians/temple", 5.0, tunic="blue"),
    _scenery("round temple", "temple", "building", "romans/temple_vesta", 5.0),
    _scenery("castle", "castle", "building", "athenians/fortress", 6.0),
    _scenery("stone tower", "tower", "building", "hellenes/scout_tower", 6.0),
    _scenery("wooden tower", "tower", "building", "gauls/wooden_tower", 5.5),
    _scenery("pagoda", "pagoda", "building", "han/pagoda", 6.5),
    _scenery("pyramid", "pyramid", "building", "kushites/pyramid_large", 5.5),
    _scenery("lighthouse", "lighthouse", "building", "ptolemies/lighthouse", 7.0),
    _scenery("triumphal arch", "arch", "building", "romans/triumphal_arch", 5.0),
    _scenery("stone circle", "stone circle", "building", "celts/stone_monument", 2.5),
    _scenery("statue", "statue", "building", "ptolemies/statue_isis", 3.2, tunic="blue"),
    _scenery("striped tent", "tent", "building", "tent_arab", 2.4, tunic="red"),
    _scenery("market stall", "stall", "building", "ptolemies/stall_big", 2.6),
    _scenery("sailing ship", "ship", "vehicle", "hellenes/merchant", 4.0),
    _scenery("longship", "ship", "vehicle", "viking/longship", 4.0),
    _scenery("rowboat", "boat", "vehicle", "celts/rowboat", 0.9),
    _scenery("oak tree", "tree", "plant", "oak_large", 4.5),
    _scenery("autumn oak tree", "tree", "plant", "oak_hungarian_autumn", 4.5),
    _scenery("apple tree", "tree", "plant", "apple", 3.2),
    _scenery("cherry blossom tree", "tree", "plant", "cherryblossom", 3.2),
    _scenery("palm tree", "tree", "plant", "palm_date_new", 4.5),
    _scenery("tall palm tree", "tree", "plant", "palm_tropical_tall", 5.5),
    _scenery("pine tree", "tree", "plant", "pine", 4.5),
    _scenery("fir tree", "tree", "plant", "fir_tree", 4.5),
    _scenery("snowy fir tree", "tree", "plant", "fir_tree_winter", 4.5),
    _scenery("cypress", "tree", "plant", "mediterranean_cypress", 4.5),
    _scenery("poplar", "tree", "plant", "poplar", 5.0),
    _scenery("red maple tree", "tree", "plant", "maple_autumn", 4.2, looks=("maple_2", "a")),
    _scenery("green maple tree", "tree", "plant", "maple_autumn", 4.2, looks=("maple_1", "d-green")),
    _scenery("willow tree", "tree", "plant", "willow_a", 4.0),
    _scenery("birch tree", "tree", "plant", "euro_birch_tree", 4.5, looks=("tree_1",)),
    _scenery("baobab tree", "tree", "plant", "baobab", 5.0),
    _scenery("olive tree", "tree", "plant", "olive", 3.2),
    _scenery("banana tree", "tree", "plant", "banana", 2.8),
    _scenery("bare tree", "tree", "plant", "temperate_forest_biome_tree_winter", 4.5),
    _scenery("bamboo", "bamboo", "plant", "bamboo_02", 3.5),
    _scenery("lavender bush", "bush", "plant", "lavender_bush_01", 0.8),
    _scenery("poppy bush", "bush", "plant", "poppy_bush_01", 0.7),
)
