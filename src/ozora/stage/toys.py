"""The toys: every noun of the stage as a handful of jointed solids.

A toy stands on y = 0, is about one unit high, faces +x, and is centered on x = z = 0. ``tint`` names the part's
color: "main" is the color that the caption speaks of, "light" and "dark" are shades of it, others are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ozora.stage.glyphs import strokes

Vec = tuple[float, float, float]

TINTS: dict[str, tuple[float, float, float]] = {
    "skin": (0.90, 0.70, 0.55),
    "hair": (0.25, 0.16, 0.10),
    "eye": (0.05, 0.05, 0.07),
    "wheel": (0.10, 0.10, 0.12),
    "glass": (0.62, 0.80, 0.92),
    "metal": (0.66, 0.68, 0.72),
    "wood": (0.50, 0.33, 0.19),
    "cream": (0.93, 0.88, 0.76),
    "beak": (0.95, 0.60, 0.10),
    "flame": (1.00, 0.65, 0.15),
    "glow": (1.00, 0.93, 0.60),
    "chip": (0.26, 0.15, 0.09),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """How a part turns about ``pivot``: ``swing`` degrees to and fro, or ``roll`` full turns a unit of way.

    ``drive`` is what makes it swing: "gait" (the way covered) or "time".
    """

    pivot: Vec = (0.0, 0.0, 0.0)
    axis: str = "z"
    swing: float = 0.0
    rate: float = 1.0
    phase: float = 0.0
    roll: float = 0.0
    drive: str = "gait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One solid of a toy: center ``at``, ``size`` along its axes, ``turn`` in degrees about x, then y, then z.

    ``state`` names the states of the toy in which the part is seen ("" is all of them).
    """

    solid: str
    at: Vec
    size: Vec
    turn: Vec = (0.0, 0.0, 0.0)
    tint: str = "main"
    gloss: float | None = None
    joint: Joint | None = None
    state: str = ""


def _leg(x: float, z: float, height: float, width: float, phase: float, tint: str = "main", swing: float = 32) -> Part:
    return Part(
        solid="cylinder",
        at=(x, height / 2, z),
        size=(width, height, width),
        tint=tint,
        joint=Joint(pivot=(x, height, z), swing=swing, phase=phase),
    )


def _wheels(xs: tuple[float, ...], depth: float, radius: float) -> tuple[Part, ...]:
    turn = Joint(roll=-1.0 / (6.283 * radius))
    size = (2 * radius, 0.12, 2 * radius)
    wheel = Part(solid="cylinder", at=(0, radius, 0), size=size, turn=(90, 0, 0), tint="wheel")
    hub = replace(wheel, size=(0.9 * radius, 0.14, 0.9 * radius), tint="metal")
    spoke = Part(solid="box", at=(0, radius, 0), size=(1.3 * radius, 0.3 * radius, 0.15), tint="metal")
    result = []
    for x in xs:
        for z in (depth, -depth):
            joint = replace(turn, pivot=(x, radius, z))
            for part in (wheel, hub, spoke):
                result.append(replace(part, at=(x, radius, z), joint=joint))
    return tuple(result)


def _eyes(x: float, y: float, z: float, size: float) -> tuple[Part, ...]:
    return tuple(Part(solid="sphere", at=(x, y, s * z), size=(size,) * 3, tint="eye", gloss=0.8) for s in (1, -1))


def ball() -> tuple[Part, ...]:
    body = Part(solid="sphere", at=(0, 0.5, 0), size=(1, 1, 1))
    spin = Joint(pivot=(0, 0.5, 0), roll=-1 / 3.1416)
    band = Part(solid="cylinder", at=(0, 0.5, 0), size=(1.012, 0.16, 1.012), tint="light", joint=spin)
    return (replace(body, joint=spin), band)


def cube() -> tuple[Part, ...]:
    return (Part(solid="box", at=(0, 0.5, 0), size=(1, 1, 1)),)


def cone() -> tuple[Part, ...]:
    return (Part(solid="cone", at=(0, 0.5, 0), size=(0.95, 1, 0.95)),)


def cylinder() -> tuple[Part, ...]:
    return (Part(solid="cylinder", at=(0, 0.5, 0), size=(0.8, 1, 0.8)),)


def pyramid() -> tuple[Part, ...]:
    return (Part(solid="pyramid", at=(0, 0.5, 0), size=(1.15, 1, 1.15)),)


def ring() -> tuple[Part, ...]:
    spin = Joint(pivot=(0, 0.5, 0), roll=-1 / 3.1416)
    return (Part(solid="ring", at=(0, 0.5, 0), size=(1, 1, 1.0), joint=spin),)


def person() -> tuple[Part, ...]:
    arm = Part(solid="cylinder", at=(0, 0.55, 0.2), size=(0.09, 0.3, 0.09), joint=Joint(pivot=(0, 0.7, 0.2), swing=30))
    return (
        _leg(0, 0.08, 0.38, 0.13, 0.0, "dark"),
        _leg(0, -0.08, 0.38, 0.13, 3.1416, "dark"),
        Part(solid="cup", at=(0, 0.53, 0), size=(0.36, 0.38, 0.4)),
        replace(arm, joint=Joint(pivot=(0, 0.68, 0.2), swing=30, phase=3.1416)),
        replace(arm, at=(0, 0.55, -0.2), joint=Joint(pivot=(0, 0.68, -0.2), swing=30)),
        Part(solid="sphere", at=(0.01, 0.84, 0), size=(0.28, 0.3, 0.28), tint="skin"),
        Part(solid="dome", at=(-0.03, 0.92, 0), size=(0.34, 0.21, 0.34), tint="hair"),
        *_eyes(0.125, 0.85, 0.06, 0.045),
    )


def robot() -> tuple[Part, ...]:
    arm = Part(solid="box", at=(0, 0.5, 0.3), size=(0.12, 0.34, 0.12), tint="metal")
    return (
        replace(_leg(0, 0.13, 0.24, 0.16, 0.0, "metal"), solid="box"),
        replace(_leg(0, -0.13, 0.24, 0.16, 3.1416, "metal"), solid="box"),
        Part(solid="box", at=(0, 0.46, 0), size=(0.36, 0.46, 0.48)),
        Part(solid="box", at=(0.19, 0.5, 0), size=(0.02, 0.16, 0.28), tint="light"),
        replace(arm, joint=Joint(pivot=(0, 0.64, 0.3), swing=28, phase=3.1416)),
        replace(arm, at=(0, 0.5, -0.3), joint=Joint(pivot=(0, 0.64, -0.3), swing=28)),
        Part(solid="box", at=(0, 0.8, 0), size=(0.3, 0.22, 0.36)),
        *_eyes(0.155, 0.82, 0.09, 0.09),
        Part(solid="cylinder", at=(0, 0.94, 0), size=(0.03, 0.08, 0.03), tint="metal"),
        Part(solid="sphere", at=(0, 0.98, 0), size=(0.08, 0.08, 0.08), tint="beak"),
    )


def _quadruped(
    *, legs: float, body: Vec, head: Vec, neck: float, width: float, overlap: float = 0.0
) -> tuple[Part, ...]:
    """Four legs that reach ``overlap`` into a body of length, thickness and depth."""
    length, thick, depth = body
    x, z, center = length * 0.38, depth * 0.3, legs + thick * 0.4
    return (
        _leg(x, z, legs + overlap, width, 0.0),
        _leg(x, -z, legs + overlap, width, 3.1416),
        _leg(-x, z, legs + overlap, width, 3.1416),
        _leg(-x, -z, legs + overlap, width, 0.0),
        Part(solid="sphere", at=(0, center, 0), size=(length, thick, depth)),
        Part(
            solid="cylinder",
            at=(length * 0.44, center + neck * 0.42, 0),
            size=(thick * 0.5, neck + 0.1, depth * 0.5),
            turn=(0, 0, -28),
        ),
        Part(solid="sphere", at=(length * 0.5 + neck * 0.42, center + neck * 0.95, 0), size=head),
    )


def cat() -> tuple[Part, ...]:
    ear = Part(solid="cone", at=(0.34, 0.93, 0.1), size=(0.12, 0.17, 0.1))
    tail = Joint(pivot=(-0.4, 0.5, 0), swing=16, rate=0.7, drive="time")
    return (
        *_quadruped(legs=0.3, body=(0.86, 0.4, 0.34), head=(0.36, 0.33, 0.36), neck=0.26, width=0.1, overlap=0.06),
        ear,
        replace(ear, at=(0.36, 0.93, -0.1)),
        Part(solid="cylinder", at=(-0.5, 0.72, 0), size=(0.08, 0.55, 0.08), turn=(0, 0, 22), joint=tail),
        *_eyes(0.69, 0.76, 0.09, 0.06),
        Part(solid="sphere", at=(0.71, 0.68, 0), size=(0.07, 0.05, 0.07), tint="light"),
    )


def dog() -> tuple[Part, ...]:
    ear = Part(solid="sphere", at=(0.5, 0.86, 0.18), size=(0.13, 0.28, 0.07), tint="dark")
    tail = Joint(pivot=(-0.42, 0.62, 0), axis="x", swing=32, rate=2.2, drive="time")
    return (
        *_quadruped(legs=0.36, body=(0.92, 0.4, 0.36), head=(0.36, 0.34, 0.34), neck=0.3, width=0.12),
        ear,
        replace(ear, at=(0.5, 0.86, -0.18)),
        Part(solid="sphere", at=(0.78, 0.76, 0), size=(0.26, 0.17, 0.19), tint="light"),
        Part(solid="sphere", at=(0.9, 0.79, 0), size=(0.08, 0.08, 0.09), tint="eye"),
        Part(solid="cylinder", at=(-0.48, 0.72, 0), size=(0.08, 0.34, 0.08), turn=(0, 0, 30), joint=tail),
        *_eyes(0.74, 0.89, 0.1, 0.06),
    )


def horse() -> tuple[Part, ...]:
    tail = Joint(pivot=(-0.48, 0.64, 0), swing=14, rate=0.8, drive="time")
    return (
        *_quadruped(legs=0.44, body=(0.95, 0.32, 0.3), head=(0.36, 0.19, 0.18), neck=0.42, width=0.09, overlap=0.06),
        Part(solid="box", at=(0.4, 0.84, 0), size=(0.07, 0.4, 0.06), turn=(0, 0, -28), tint="dark"),
        Part(solid="cone", at=(0.58, 1.05, 0.06), size=(0.06, 0.11, 0.06)),
        Part(solid="cone", at=(0.58, 1.05, -0.06), size=(0.06, 0.11, 0.06)),
        Part(solid="cup", at=(-0.52, 0.5, 0), size=(0.12, 0.36, 0.12), tint="dark", joint=tail),
        *_eyes(0.72, 0.99, 0.08, 0.045),
    )


def bird() -> tuple[Part, ...]:
    def wing(side: float) -> Part:
        flap = Joint(pivot=(0, 0.62, side * 0.14), axis="x", swing=side * 38, rate=1.5, drive="time")
        return Part(solid="sphere", at=(-0.04, 0.63, side * 0.44), size=(0.4, 0.07, 0.66), tint="dark", joint=flap)

    return (
        Part(solid="sphere", at=(0, 0.55, 0), size=(0.86, 0.46, 0.42)),
        Part(solid="sphere", at=(0.4, 0.76, 0), size=(0.38, 0.38, 0.36)),
        Part(solid="cone", at=(0.65, 0.74, 0), size=(0.15, 0.22, 0.15), turn=(0, 0, -90), tint="beak"),
        Part(solid="cone", at=(-0.5, 0.56, 0), size=(0.4, 0.42, 0.12), turn=(0, 0, -78), tint="dark"),
        wing(1.0),
        wing(-1.0),
        *_eyes(0.5, 0.82, 0.14, 0.08),
    )


def fish() -> tuple[Part, ...]:
    wag = Joint(pivot=(-0.4, 0.5, 0), axis="y", swing=28, rate=1.4, drive="time")
    return (
        Part(solid="sphere", at=(0.05, 0.5, 0), size=(1.0, 0.62, 0.34)),
        Part(solid="cone", at=(-0.55, 0.5, 0), size=(0.66, 0.42, 0.1), turn=(0, 0, -90), tint="dark", joint=wag),
        Part(solid="cone", at=(0.0, 0.86, 0), size=(0.42, 0.26, 0.08), turn=(0, 0, 14), tint="dark"),
        Part(solid="cone", at=(0.1, 0.2, 0), size=(0.22, 0.24, 0.06), turn=(0, 0, 180), tint="dark"),
        *_eyes(0.4, 0.6, 0.11, 0.11),
    )


def car() -> tuple[Part, ...]:
    return (
        Part(solid="box", at=(0, 0.36, 0), size=(1.75, 0.36, 0.8)),
        Part(solid="hull", at=(-0.08, 0.71, 0), size=(1.0, 0.36, 0.7), turn=(0, 0, 180)),
        Part(solid="box", at=(-0.1, 0.7, 0), size=(0.62, 0.24, 0.715), tint="glass", gloss=0.8),
        Part(solid="box", at=(0.88, 0.4, 0), size=(0.03, 0.1, 0.62), tint="glow"),
        *_wheels((0.52, -0.52), 0.37, 0.22),
    )


def truck() -> tuple[Part, ...]:
    return (
        Part(solid="box", at=(-0.32, 0.64, 0), size=(1.1, 0.68, 0.78), tint="cream"),
        Part(solid="box", at=(-0.32, 0.24, 0), size=(1.15, 0.12, 0.72), tint="metal"),
        Part(solid="box", at=(0.55, 0.5, 0), size=(0.52, 0.62, 0.74)),
        Part(solid="box", at=(0.66, 0.64, 0), size=(0.32, 0.24, 0.76), tint="glass", gloss=0.8),
        *_wheels((0.55, -0.2, -0.65), 0.34, 0.18),
    )


def boat() -> tuple[Part, ...]:
    return (
        Part(solid="hull", at=(0, 0.16, 0), size=(1.15, 0.32, 0.5)),
        Part(solid="box", at=(-0.02, 0.33, 0), size=(1.0, 0.04, 0.52), tint="wood"),
        Part(solid="cylinder", at=(0.02, 0.66, 0), size=(0.05, 0.72, 0.05), tint="wood"),
        Part(solid="roof", at=(-0.24, 0.68, 0), size=(0.44, 0.56, 0.03), tint="cream"),
        Part(solid="roof", at=(0.24, 0.62, 0), size=(0.34, 0.42, 0.03), tint="light"),
    )


def rocket() -> tuple[Part, ...]:
    fin = Part(solid="roof", at=(0.24, 0.2, 0), size=(0.34, 0.3, 0.05), tint="dark")
    flicker = Joint(pivot=(0, 0.06, 0), swing=10, rate=3.0, drive="time")
    return (
        Part(solid="cylinder", at=(0, 0.44, 0), size=(0.36, 0.56, 0.36)),
        Part(solid="cone", at=(0, 0.86, 0), size=(0.36, 0.3, 0.36), tint="dark"),
        fin,
        replace(fin, at=(-0.24, 0.2, 0)),
        replace(fin, at=(0, 0.2, 0.24), turn=(0, 90, 0)),
        Part(solid="cylinder", at=(0, 0.56, 0.15), size=(0.2, 0.1, 0.2), turn=(90, 0, 0), tint="glass", gloss=0.8),
        Part(solid="cone", at=(0, 0.06, 0), size=(0.2, 0.2, 0.2), turn=(180, 0, 0), tint="flame", joint=flicker),
    )


def balloon() -> tuple[Part, ...]:
    return (
        Part(solid="sphere", at=(0, 0.64, 0), size=(0.7, 0.74, 0.7)),
        Part(solid="cone", at=(0, 0.27, 0), size=(0.12, 0.1, 0.12), tint="dark"),
        Part(solid="cylinder", at=(0, 0.12, 0), size=(0.02, 0.26, 0.02), tint="cream"),
        Part(solid="box", at=(0, 0.03, 0), size=(0.14, 0.07, 0.14), tint="wood"),
    )


def house() -> tuple[Part, ...]:
    return (
        Part(solid="box", at=(0, 0.3, 0), size=(0.95, 0.6, 0.8)),
        Part(solid="roof", at=(0, 0.8, 0), size=(1.15, 0.42, 0.95), tint="dark"),
        Part(solid="box", at=(0.05, 0.2, 0.4), size=(0.2, 0.4, 0.03), tint="wood"),
        Part(solid="box", at=(-0.27, 0.36, 0.4), size=(0.2, 0.2, 0.03), tint="glow"),
        Part(solid="box", at=(0.34, 0.36, 0.4), size=(0.18, 0.2, 0.03), tint="glow"),
        Part(solid="box", at=(0.28, 0.9, 0), size=(0.12, 0.34, 0.12), tint="wood"),
    )


def tree() -> tuple[Part, ...]:
    sway = Joint(pivot=(0, 0.3, 0), swing=2.0, rate=0.4, drive="time")
    return (
        Part(solid="cylinder", at=(0, 0.19, 0), size=(0.14, 0.38, 0.14), tint="wood"),
        Part(solid="sphere", at=(0, 0.6, 0), size=(0.62, 0.56, 0.62), joint=sway),
        Part(solid="sphere", at=(0.15, 0.76, 0.06), size=(0.42, 0.4, 0.42), tint="light", joint=sway),
        Part(solid="sphere", at=(-0.17, 0.72, -0.02), size=(0.4, 0.4, 0.4), tint="dark", joint=sway),
    )


def table() -> tuple[Part, ...]:
    feet = [(x, z) for x in (0.6, -0.6) for z in (0.34, -0.34)]
    legs = [Part(solid="box", at=(x, 0.43, z), size=(0.1, 0.86, 0.1), tint="dark") for x, z in feet]
    return (Part(solid="box", at=(0, 0.93, 0), size=(1.5, 0.13, 0.9)), *legs)


def chair() -> tuple[Part, ...]:
    feet = [(x, z) for x in (0.22, -0.22) for z in (0.22, -0.22)]
    legs = [Part(solid="box", at=(x, 0.21, z), size=(0.07, 0.42, 0.07), tint="dark") for x, z in feet]
    return (
        Part(solid="box", at=(0, 0.46, 0), size=(0.56, 0.09, 0.56)),
        Part(solid="box", at=(-0.25, 0.76, 0), size=(0.07, 0.5, 0.56)),
        *legs,
    )


def lamp() -> tuple[Part, ...]:
    return (
        Part(solid="cylinder", at=(0, 0.03, 0), size=(0.42, 0.06, 0.42), tint="dark"),
        Part(solid="cylinder", at=(0, 0.36, 0), size=(0.06, 0.66, 0.06), tint="metal"),
        Part(solid="cup", at=(0, 0.82, 0), size=(0.6, 0.38, 0.6), state="off"),
        Part(solid="cup", at=(0, 0.82, 0), size=(0.6, 0.38, 0.6), tint="glow", gloss=-1.0, state="on"),
        Part(solid="cup", at=(0, 0.645, 0), size=(0.62, 0.04, 0.62), state="on"),
    )


def cookie() -> tuple[Part, ...]:
    spin = Joint(pivot=(0, 0.5, 0), roll=-1 / 3.1416)
    chips = ((-0.2, 0.64), (0.04, 0.3), (-0.12, 0.36), (-0.3, 0.42), (0.2, 0.44), (0.0, 0.55))
    disc = Part(solid="cylinder", at=(0, 0.5, 0), size=(1, 0.2, 1), turn=(90, 0, 0), joint=spin, state="whole")
    return (
        disc,
        replace(disc, solid="bitten", size=(1, 1, 0.2), turn=(0, 0, 0), state="bitten"),
        *(
            Part(solid="sphere", at=(x, y, s * 0.1), size=(0.12, 0.12, 0.06), tint="chip", joint=spin)
            for x, y in chips
            for s in (1, -1)
        ),
    )


def sign(word: str = "OPEN") -> tuple[Part, ...]:
    wide = max(0.9, 0.26 * len(word) + 0.2)
    letters = strokes(word)
    step = (wide - 0.2) / max(x + w for x, _, w in letters)
    marks = [
        Part(
            solid="box",
            at=(-wide / 2 + 0.1 + (x + w / 2) * step, 0.9 - (y + 0.5) * 0.054, 0.05),
            size=(w * step, 0.056, 0.03),
            tint="cream",
        )
        for x, y, w in letters
    ]
    return (
        Part(solid="cylinder", at=(0, 0.3, -0.02), size=(0.08, 0.6, 0.08), tint="wood"),
        Part(solid="box", at=(0, 0.71, 0), size=(wide, 0.56, 0.09)),
        *marks,
    )


def tower() -> tuple[Part, ...]:
    bricks = [("main", 0.0, 4.0), ("light", 0.03, -6.0), ("main", -0.02, 8.0), ("dark", 0.02, -3.0)]
    return tuple(
        Part(solid="box", at=(x, 0.125 + 0.25 * i, 0), size=(0.42, 0.24, 0.42), turn=(0, turn, 0), tint=tint)
        for i, (tint, x, turn) in enumerate(bricks)
    )


TOYS: dict[str, Callable[[], tuple[Part, ...]]] = {
    toy.__name__: toy
    for toy in (
        *(ball, cube, cone, cylinder, pyramid, ring, person, robot, cat, dog, horse, bird, fish),
        *(car, truck, boat, rocket, balloon, house, tree, table, chair, lamp, cookie, sign, tower),
    )
}
STATES: dict[str, tuple[str, ...]] = {"cookie": ("whole", "bitten"), "lamp": ("off", "on")}
SIDEWAYS = ("car", "truck", "boat", "dog", "cat", "horse", "bird", "fish")
"""Toys that are known by their side: at rest they stand in profile or three-quarter view, others face the camera."""
