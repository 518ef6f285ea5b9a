"""The cast: people, animals, buildings, plants and vehicles of the troupe as nouns, and what they can do.

``cast.json`` holds a member a line, in the order in which layouts number them. Its art is that of 0 A.D. (Wildfire
Games, CC-BY-SA 3.0); what a member looks like is the business of ``ozora.stage``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANNERS = ("walk", "run", "hop", "fly", "glide", "swim")
"""How something gets along; a toy has its own verb instead."""
OPEN_AIR = ("meadow", "desert", "snow", "city street")
LARGE = ("rider", "chariot", "cart", "giraffe", "elephant")
"""Bare nouns that fit into no room."""
AFLOAT = ("sailing ship", "longship", "rowboat", "shark", "silver fish")
"""Members that are at sea."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CastMember:
    """A member of the troupe. ``name`` is what captions say ("woman in a dress"), ``noun`` the bare noun ("woman"),
    ``plural`` that of the name; ``height`` in meters on the stage. ``dyed``: its clothes come in all colors. ``art`` is
    its name in a cast pack, where that is another."""

    name: str
    noun: str
    plural: str
    family: str
    height: float
    gaits: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    dyed: bool = False
    art: str = ""

    @property
    def moves(self) -> bool:
        return bool(self.gaits) or self.family == "vehicle"

    @property
    def verb(self) -> str:
        """How it gets along when nothing is said of that."""
        return self.gaits[0] if self.gaits else "sail" if self.family == "vehicle" else "slide"

    @property
    def places(self) -> tuple[str, ...]:
        """Where it can be."""
        if self.name in AFLOAT:
            return ("sea",)
        return OPEN_AIR if self.family in ("building", "plant") or self.noun in LARGE else (*OPEN_AIR, "room")

    def called(self, color: str, *, plural: bool = False) -> str:
        """Its name with a color of its clothes: "woman in a red dress", "soldiers in red"."""
        name = self.plural if plural else self.name
        head, link, garment = name.partition(" in a ")
        if not color:
            return name
        article = "an" if color[0] in "aeiou" else "a"
        return f"{head} in {article} {color} {garment}" if link else f"{name} in {color}"


def kind(noun: str) -> tuple[str, str]:
    """What a noun is apart from its variant: a brown horse and a white horse are horses. A toy is a kind of its own."""
    member = CAST.get(noun)
    return ("toy", noun) if member is None else ("cast", member.noun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that is done on the spot, as captions say it of one and of several."""

    phrases: tuple[str, ...]
    plural: str


ACTS: dict[str, Act] = {
    "eat": Act(phrases=("eats", "is eating", "feeds"), plural="eat"),
    "fight": Act(phrases=("attacks", "fights", "is fighting"), plural="attack"),
    "shoot": Act(phrases=("shoots an arrow", "shoots arrows", "is shooting arrows"), plural="shoot arrows"),
    "chop": Act(phrases=("chops wood", "is chopping wood"), plural="chop wood"),
    "hoe": Act(phrases=("hoes the ground", "is hoeing the ground"), plural="hoe the ground"),
    "pick": Act(phrases=("picks fruit", "is picking fruit"), plural="pick fruit"),
    "mine": Act(phrases=("breaks stone", "is breaking stone"), plural="break stone"),
    "hammer": Act(phrases=("hammers", "is hammering"), plural="hammer"),
    "pray": Act(phrases=("prays", "is praying"), plural="pray"),
    "sit": Act(phrases=("sits", "is sitting"), plural="sit"),
    "lie": Act(phrases=("lies down", "is lying on the ground"), plural="lie down"),
    "sniff": Act(phrases=("sniffs the ground", "is sniffing"), plural="sniff the ground"),
    "kick": Act(phrases=("kicks", "is kicking"), plural="kick"),
    "collapse": Act(phrases=("collapses", "falls to the ground"), plural="collapse"),
}


def _read_cast() -> dict[str, CastMember]:
    lines: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cast.json").read_text())
    members = [
        CastMember(**{**line, "gaits": tuple(line.get("gaits", ())), "acts": tuple(line.get("acts", ()))})
        for line in lines
    ]
    return {member.name: member for member in members}


CAST = _read_cast()
"""All members by name."""
