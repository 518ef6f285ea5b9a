"""Motion: where every thing of a scene is at every time, in closed form.

Letters: ``f`` times. Gravity is that of a toy world, 6 m/s^2, so that a hop takes about a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ozora.language.vocabulary import COLORS, NOUNS, SIZES
from ozora.stage.scene import Event, Scene, Thing
from ozora.stage.toys import STATES

FloatArray = NDArray[np.float64]
GRAVITY = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One thing over time: ``position`` [f, 3] m, ``yaw`` and ``pitch`` [f] degrees, ``way`` [f] m covered,
    ``squash`` [f] height factor, ``color`` [f, 3], ``state`` [f] index into ``toys.STATES``, ``gait`` [f] 0..1."""

    position: FloatArray
    yaw: FloatArray
    pitch: FloatArray
    way: FloatArray
    squash: FloatArray
    color: FloatArray
    state: NDArray[np.int64]
    gait: FloatArray


def height(thing: Thing) -> float:
    """Meters from the ground to the top of a thing."""
    return NOUNS[thing.noun].height * SIZES[thing.size]


def _rest(thing: Thing, times: FloatArray) -> Track:
    still = np.zeros_like(times)
    return Track(
        position=np.tile(np.array([thing.x, thing.y, thing.z], float), (len(times), 1)),
        yaw=still + thing.yaw,
        pitch=still,
        way=still,
        squash=still + 1.0,
        color=np.tile(np.array(COLORS[thing.color or "white"], float), (len(times), 1)),
        state=np.zeros(len(times), np.int64),
        gait=still,
    )


def _travel(direction: tuple[float, float], yaw: float) -> Callable[[Thing, FloatArray, float], Track]:
    """Straight along the ground, at the thing's (x, z) halfway through."""

    def move(thing: Thing, times: FloatArray, duration_s: float) -> Track:
        track = _rest(thing, times)
        way = thing.motion.speed * (times - duration_s / 2)
        position = track.position.copy()
        position[:, 0] += direction[0] * way
        position[:, 2] += direction[1] * way
        return replace(track, position=position, yaw=np.full_like(times, yaw), way=way, gait=np.ones_like(times))

    return move


def _jump(thing: Thing, times: FloatArray, _: float) -> Track:
    track = _rest(thing, times)
    phase = (times * thing.motion.speed) % 1.0
    air = np.clip((phase - 0.18) / 0.82, 0.0, 1.0)
    position = track.position.copy()
    position[:, 1] += 0.85 * 4 * air * (1 - air)
    crouch = np.where(phase < 0.18, 1.0 - 0.22 * np.sin(np.pi * phase / 0.18), 1.0 + 0.06 * np.sin(np.pi * air))
    return replace(track, position=position, squash=crouch)


def _bounce(thing: Thing, times: FloatArray, _: float) -> Track:
    track = _rest(thing, times)
    phase = (times * thing.motion.speed * 1.1 + 0.5) % 1.0
    position = track.position.copy()
    position[:, 1] += 1.25 * 4 * phase * (1 - phase)
    contact = np.minimum(phase, 1 - phase)
    return replace(track, position=position, squash=1.0 - 0.25 * np.exp(-((contact / 0.06) ** 2)))


def _spin(thing: Thing, times: FloatArray, _: float) -> Track:
    track = _rest(thing, times)
    return replace(track, yaw=thing.yaw + 360.0 * 0.5 * thing.motion.speed * times)


def drop_height(time: FloatArray, start: float, restitution: float) -> FloatArray:
    """Height of a body let go at ``start`` meters at time 0 that bounces on y = 0; exact, by arcs."""
    result = start - 0.5 * GRAVITY * time**2
    landed, speed = float(np.sqrt(2 * start / GRAVITY)), float(np.sqrt(2 * start * GRAVITY))
    for _ in range(6):
        speed *= restitution
        since = time - landed
        result = np.where(since >= 0, speed * since - 0.5 * GRAVITY * since**2, result)
        landed += 2 * speed / GRAVITY
    return np.maximum(np.where(time > landed, 0.0, result), 0.0)


def _fall(thing: Thing, times: FloatArray, _: float) -> Track:
    track = _rest(thing, times)
    position = track.position.copy()
    restitution = 0.42 if NOUNS[thing.noun].family == "solid" else 0.2
    position[:, 1] += drop_height(np.maximum(times - 0.35, 0.0), 2.3, restitution)
    return replace(track, position=position)


def _rise(thing: Thing, times: FloatArray, _: float) -> Track:
    track = _rest(thing, times)
    position = track.position.copy()
    position[:, 1] += 0.55 * thing.motion.speed * times + 0.03 * np.sin(times * 4)
    return replace(track, position=position)


SOLO: dict[str, Callable[[Thing, FloatArray, float], Track]] = {
    "stand": lambda thing, times, _: _rest(thing, times),
    "left": _travel((-1.0, 0.0), 180.0),
    "right": _travel((1.0, 0.0), 0.0),
    "toward": _travel((0.0, 1.0), -90.0),
    "away": _travel((0.0, -1.0), 90.0),
    "jump": _jump,
    "bounce": _bounce,
    "spin": _spin,
    "fall": _fall,
    "rise": _rise,
}


def _heading(position: FloatArray, times: FloatArray, yaw: float) -> FloatArray:
    """Yaw [f] along the path; where nothing moves, the last one holds."""
    if len(times) < 2:
        return np.full_like(times, yaw)
    speed = np.gradient(position, times, axis=0)
    angle = np.degrees(np.arctan2(-speed[:, 2], speed[:, 0]))
    moving = np.hypot(speed[:, 0], speed[:, 2]) > 0.05
    for i in range(len(angle)):
        if not moving[i]:
            angle[i] = angle[i - 1] if i else yaw
    return angle


def _on_path(thing: Thing, times: FloatArray, position: FloatArray) -> Track:
    step = np.linalg.norm(np.diff(position, axis=0, prepend=position[:1]), axis=1)
    gait = np.clip(step / max(float(times[1] - times[0]) if len(times) > 1 else 1.0, 1e-6) / 0.4, 0, 1)
    track = _rest(thing, times)
    yaw = _heading(position, times, thing.yaw)
    return replace(track, position=position, yaw=yaw, way=np.cumsum(step), gait=gait)


def _orbit(thing: Thing, times: FloatArray, target: Track) -> Track:
    angle = 2 * np.pi * (0.28 * thing.motion.speed * times + thing.yaw / 360)
    circle = np.stack([1.5 * np.cos(angle), np.zeros_like(angle), 1.1 * np.sin(angle)], axis=1)
    return _on_path(thing, times, target.position * [1, 0, 1] + circle + [0, thing.y, 0])


def _follow(thing: Thing, times: FloatArray, target: Track) -> Track:
    forward = np.stack([np.cos(np.radians(target.yaw)), 0 * times, -np.sin(np.radians(target.yaw))], axis=1)
    track = _on_path(thing, times, target.position * [1, 0, 1] - 1.55 * forward + [0, thing.y, 0])
    return replace(track, yaw=target.yaw)


def _hide(thing: Thing, times: FloatArray, target: Track, duration_s: float) -> Track:
    u = np.clip(times / (0.65 * duration_s), 0, 1)
    smooth = (u * u * (3 - 2 * u))[:, None]
    start = np.array([thing.x, thing.y, thing.z])
    goal = target.position * [1, 0, 1] + [0, thing.y, -1.0]
    return _on_path(thing, times, start * (1 - smooth) + goal * smooth)


def _smooth(times: FloatArray, start: float, length: float) -> FloatArray:
    u = np.clip((times - start) / length, 0.0, 1.0)
    return u * u * (3 - 2 * u)


def _paint(track: Track, times: FloatArray, event: Event) -> Track:
    mix = _smooth(times, event.at_s, 0.35)[:, None]
    return replace(track, color=track.color * (1 - mix) + np.array(COLORS[event.color]) * mix)


def _change_state(track: Track, times: FloatArray, event: Event) -> Track:
    return replace(track, state=np.where(times >= event.at_s, 1, track.state))


def _topple(track: Track, times: FloatArray, event: Event) -> Track:
    since = np.clip(times - event.at_s, 0.0, None)
    return replace(track, pitch=-np.minimum(95.0 * since**2 / 0.55, 90.0))


def _enter(track: Track, times: FloatArray, thing: Thing, house: Thing, duration_s: float) -> Track:
    """Walk to the door, in, and out again to where it began."""
    start = np.array([thing.x, 0.0, thing.z])
    door, inside = np.array([house.x, 0.0, house.z + 1.0]), np.array([house.x, 0.0, house.z - 0.1])
    stops = [(0.0, start), (0.30, door), (0.42, inside), (0.60, inside), (0.72, door), (1.0, start)]
    u = times / duration_s
    position = np.stack([np.interp(u, [s for s, _ in stops], [p[i] for _, p in stops]) for i in range(3)], axis=1)
    return replace(_on_path(thing, times, position), color=track.color)


def _collide(first: Thing, second: Thing, times: FloatArray, at_s: float) -> tuple[Track, Track]:
    """A central impact along x that conserves momentum; masses are as size cubed, restitution 0.8."""
    sign = 1.0 if second.x > first.x else -1.0
    gap = 0.5 * (height(first) + height(second))
    speed = max((abs(second.x - first.x) - gap) / max(at_s, 0.1), 0.0)
    mass_a, mass_b = height(first) ** 3, height(second) ** 3
    after_b = speed * 1.8 * mass_a / (mass_a + mass_b)
    after_a = speed - after_b * mass_b / mass_a
    before, since = np.minimum(times, at_s), np.clip(times - at_s, 0, None)
    rubbed = (1 - np.exp(-0.5 * since)) / 0.5  # rolling friction slows both alike
    way_a, way_b = speed * before + after_a * rubbed, after_b * rubbed
    tracks = []
    for thing, way in ((first, way_a), (second, way_b)):
        track = _rest(thing, times)
        position = track.position.copy()
        position[:, 0] += sign * way
        yaw = np.full_like(times, 0.0 if sign > 0 else 180.0)
        tracks.append(replace(track, position=position, way=way, yaw=yaw, gait=np.clip(way, 0, 1)))
    return tracks[0], tracks[1]


def trace(scene: Scene, times: FloatArray) -> tuple[Track, ...]:
    """Tracks of all things of ``scene`` at ``times`` [f] in seconds."""
    tracks: list[Track] = []
    for thing in scene.things:
        solo = SOLO.get(thing.motion.kind, SOLO["stand"])
        tracks.append(solo(thing, times, scene.duration_s))
    for i, thing in enumerate(scene.things):
        if thing.motion.target is None:
            continue
        target = tracks[thing.motion.target]
        if thing.motion.kind == "orbit":
            tracks[i] = _orbit(thing, times, target)
        elif thing.motion.kind == "follow":
            tracks[i] = _follow(thing, times, target)
        elif thing.motion.kind == "hide":
            tracks[i] = _hide(thing, times, target, scene.duration_s)
    for event in scene.events:
        _apply(event, scene, times, tracks)
    return tuple(tracks)


def _apply(event: Event, scene: Scene, times: FloatArray, tracks: list[Track]) -> None:
    i = event.thing
    if event.kind == "paint":
        tracks[i] = _paint(tracks[i], times, event)
    elif event.kind in ("bite", "switch on") and scene.things[i].noun in STATES:
        tracks[i] = _change_state(tracks[i], times, event)
    elif event.kind == "topple":
        tracks[i] = _topple(tracks[i], times, event)
    elif event.kind == "enter" and event.by is not None:
        tracks[i] = _enter(tracks[i], times, scene.things[i], scene.things[event.by], scene.duration_s)
    elif event.kind == "collide" and event.by is not None:
        tracks[event.by], tracks[i] = _collide(scene.things[event.by], scene.things[i], times, event.at_s)
