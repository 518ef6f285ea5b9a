"""A scene: one setup of the stage, as a value. Lengths in meters, times in seconds, angles in degrees.

x grows to the right of the resting camera, y up, z toward it. The ground is y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

Vec = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What a thing does. ``kind`` is one of ``vocabulary.MOTIONS``; ``speed`` is meters (or turns, hops) a second,
    ``manner`` one of ``cast.MANNERS``, "" for a toy."""

    kind: str = "stand"
    speed: float = 0.8
    target: int | None = None
    manner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One actor or prop. ``x y z`` is where it is halfway through the scene, ``yaw`` turns it away from facing +x;
    ``word`` is what a sign says. A member of the cast has a ``color`` only where its clothes are dyed."""

    noun: str
    color: str
    size: str = "medium"
    finish: str = "matte"
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    motion: Motion = Motion()
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that changes the scene for good at ``at_s``: ``thing`` is its subject, ``by`` what did it."""

    kind: str
    at_s: float
    thing: int
    by: int | None = None
    color: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A camera from ``start_s`` on. ``move`` is one of ``vocabulary.CAMERAS``, ``fov`` the vertical field of view."""

    start_s: float = 0.0
    move: str = "static"
    eye: Vec = (0.0, 1.6, 6.6)
    target: Vec = (0.0, 0.78, 0.0)
    fov: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that decides a clip's pixels, but for its size and frame rate."""

    things: tuple[Thing, ...]
    place: str
    time: str = "day"
    weather: str = "clear"
    shots: tuple[Shot, ...] = (Shot(),)
    events: tuple[Event, ...] = ()
    duration_s: float = 4.0
    seed: int = 0
