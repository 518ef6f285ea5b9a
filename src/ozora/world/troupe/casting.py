"""Who is in the troupe: the visible list of roles, each an actor of 0 A.D. with plain names for what it is and does.

``height_m`` is a scale hint, real for animals and people; buildings and trees are kept low, as on a stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["person", "animal", "building", "plant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One clip of a role: ``clip`` is our name; ``state`` picks the actor's variants and animation; ``pick`` chooses among
    several of one name. ``travels``: the ground passes below (walk, run, fly, swim)."""

    clip: str
    state: str
    pick: int = 0
    loops: bool = True
    travels: bool = False


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
DIE = Act(clip="die", state="death", loops=False)
