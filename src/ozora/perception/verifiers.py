"""Verifiers: whether a fact of a statement holds in a clip, one small function per kind of fact.

They see only what the parser saw, never the scene. A fact that cannot be settled here is ``None``, and counted apart.
Positions are fractions of the picture's width and height, so thresholds are too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ozora.language.cast import kind
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import NOUNS
from ozora.perception.camera import CameraMotion
from ozora.perception.tracking import ParsedClip, Track

FloatArray = NDArray[np.float64]
PRESENT = 0.6
"""In which share of the frames, those where it may be hidden or outside not counted, a thing must show as itself."""
MIN_SEEN = 0.25
"""In which share of all frames it must show as itself whatever hides it."""
MERGED = 1.5
"""What is so many times larger than another of its kind may be two."""
MIN_WAY = 0.10
"""How far "left" and "right" go at least, in picture widths over the clip."""
MIN_GROWTH = 0.10
"""How much "toward" and "away" grow or shrink at least: natural logarithm of the side over the clip."""
MIN_JUMP = 0.06
"""How high the lower edge swings at least in "jump" and "bounce", in picture heights."""
MIN_FALL = 0.15
STILL_WAY, STILL_GROWTH = 0.05, 0.09
MIN_APART = 0.03
AIRBORNE = ("fly", "float", "swim", "glide")
"""What gets along like this says nothing by how low it is in the picture."""
MIN_TURNING = 0.020
"""How much the picture of a spinning thing changes at least within itself (standard deviation over time, 0 to 1)."""

MIN_PAN, MIN_NEARER = 0.2, 0.1
"""How far the background goes at least when the camera turns, in picture sides, and how much it grows or shrinks when
the camera comes or goes: natural logarithm."""
STEADY, STEADY_SIZE = 0.12, 0.15
"""What a camera at rest may seem to move and grow."""
CARRIED = 0.5
"""When the camera turns, things go along with the background at least so far; when it circles them, they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether ``fact`` holds (``None``: not verifiable), and the figure that decided."""

    fact: Fact
    holds: bool | None
    figure: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verifier looks at: the statement, the clip, and the track (or tracks) of each thing by number; ``steady``
    are the same tracks as a camera at rest would have seen them."""

    statement: Statement
    parsed: ParsedClip
    cast: tuple[tuple[Track, ...], ...]
    steady: tuple[tuple[Track, ...], ...]


Answer = tuple[bool | None, float]
UNSETTLED: Answer = (None, float("nan"))
MISSING: Answer = (False, float("nan"))


def fits(noun: str, color: str, ref: Ref) -> bool:
    """Whether what is seen is what is asked for: its kind, and its color where one is named."""
    return bool(noun) and kind(noun) == kind(ref.noun) and ref.color in ("", color)


def _fits(track: Track, ref: Ref) -> NDArray[np.bool_]:
    """Where [f] a track may well be what is asked for."""
    wanted = kind(ref.noun)
    frames = zip(track.kinds, track.hues, strict=True)
    return np.array([wanted in kinds and (not ref.color or ref.color in hues) for kinds, hues in frames])


def steady(track: Track, camera: CameraMotion) -> Track:
    """The track as a camera at rest would have seen it: in the picture of the first frame, shots joined end to end. Its
    ``area`` is unknown where the picture's edge cuts it."""
    x = (track.x - 0.5 - camera.dx) / camera.scale + 0.5
    y = (track.y - 0.5 - camera.dy) / camera.scale + 0.5
    shifts = np.stack([camera.dx, camera.dy, camera.dx, camera.dy], axis=1)
    box = (track.box - 0.5 - shifts) / camera.scale[:, None] + 0.5
    whole = (track.box[:, 0] > 0.005) & (track.box[:, 2] < 0.995) & (track.box[:, 3] < 0.995)
    full = track.area / camera.scale**2
    area = np.where(whole, full, np.nan)
    for shot in range(1, int(camera.shot[-1]) + 1):
        shown = np.isfinite(x)
        before, after = np.flatnonzero(shown & (camera.shot < shot)), np.flatnonzero(shown & (camera.shot == shot))
        if len(before) and len(after):
            one, two, later = before[-1], after[0], camera.shot >= shot
            ratio = full[one] / full[two]
            area[later] *= ratio
            full[later] *= ratio
            jump_x, jump_y = x[one] - x[two], box[one, 3] - box[two, 3]
            x[later] += jump_x
            y[later] += jump_y
            box[later] += np.array([jump_x, jump_y, jump_x, jump_y])
    return replace(track, x=x, y=y, box=box, area=area)


def cast(statement: Statement, parsed: ParsedClip) -> tuple[tuple[Track, ...], ...]:
    """The tracks that play each thing: of its noun, best with its color. Each track plays one thing."""
    free = list(range(len(parsed.tracks)))
    parts: dict[int, tuple[Track, ...]] = {}

    def merit(ref: Ref, i: int) -> float:
        track = parsed.tracks[i]
        is_one = any(kind(ref.noun) in kinds for kinds in track.kinds)
        return is_one * float(_fits(track, ref).mean() + 0.1 * track.visible.mean())

    def best(number: int) -> float:
        return max((merit(statement.things[number], i) for i in free), default=0.0)

    while len(parts) < len(statement.things):
        number = max((n for n in range(len(statement.things)) if n not in parts), key=best)
        ref = statement.things[number]
        ranked = [i for i in sorted(free, key=lambda i: -merit(ref, i)) if merit(ref, i) > 0]
        chosen = ranked if ref.count > 1 else ranked[:1]
        parts[number] = tuple(parsed.tracks[i] for i in chosen)
        free = [i for i in free if i not in chosen]
    return tuple(parts[i] for i in range(len(statement.things)))


def _filled(track: Track, values: FloatArray) -> FloatArray:
    """Values [f] with gaps interpolated, and held at the ends."""
    frames = np.arange(len(values))
    return np.interp(frames, frames[track.visible], values[track.visible])


def _excused(track: Track, others: tuple[Track, ...]) -> NDArray[np.bool_]:
    """Where [f] an unseen thing may be hidden by another or outside the picture."""
    x = _filled(track, track.x)
    wide = np.nanmedian(track.box[:, 2] - track.box[:, 0]) / 2
    hidden = (x < 0.04 + wide) | (x > 0.96 - wide)
    for other in others:
        if other is not track:
            left, right = _filled(other, other.box[:, 0]), _filled(other, other.box[:, 2])
            hidden |= (x > left - wide) & (x < right + wide)
    return hidden & ~track.visible


def _presence(track: Track, ref: Ref, parsed: ParsedClip) -> float:
    fits, counted = _fits(track, ref), ~_excused(track, parsed.tracks)
    return float(fits[counted].mean()) if fits.mean() >= MIN_SEEN else float(fits.mean())


def _may_be_several(tracks: tuple[Track, ...]) -> bool:
    """Whether one of the tracks may be things that stand so close that they are seen as one."""
    areas = [float(np.nanmedian(track.area)) for track in tracks]
    return len(areas) == 1 or max(areas) > MERGED * min(areas)


def exists(fact: Fact, evidence: Evidence) -> Answer:
    """The thing shows as itself; of several the exact number shows, unless they may stand too close to be counted."""
    ref = evidence.statement.things[fact.subject or 0]
    tracks = evidence.cast[fact.subject or 0]
    if not tracks:
        return False, 0.0
    if ref.count == 1:
        share = _presence(tracks[0], ref, evidence.parsed)
        return share >= PRESENT, share
    shown = np.sum([_fits(track, ref) for track in tracks], axis=0)
    share = float((shown == ref.count).mean())
    if share < PRESENT and float(np.median(shown)) < ref.count and _may_be_several(tracks):
        return None, share
    return share >= PRESENT, share


def _trend(track: Track, values: FloatArray) -> float:
    """How much a straight line through the seen values [f] changes over the whole clip."""
    frames = np.flatnonzero(track.visible)
    if len(frames) < 4:
        return 0.0
    slope = np.polyfit(frames, values[frames], 1)[0]
    return float(slope * (len(values) - 1))


def _way(track: Track) -> float:
    return _trend(track, track.x)


def _growth(track: Track) -> float:
    """Natural logarithm of how much the side grows; frames cut by the picture's edge do not count."""
    frames = np.flatnonzero(np.isfinite(track.area))
    if len(frames) < 4:
        return 0.0
    return float(np.polyfit(frames, np.log(track.area[frames]) / 2, 1)[0] * (len(track.area) - 1))


def _swing(track: Track) -> float:
    """How far the lower edge goes up and down about its trend, between the 5th and the 95th percentile."""
    bottom = track.box[:, 3][track.visible]
    return float(np.percentile(bottom, 95) - np.percentile(bottom, 5)) if len(bottom) >= 4 else 0.0


def turning(track: Track) -> float:
    """How much the inside of a thing's box changes over time, in gray levels of 0 to 1."""
    crops = track.crops[track.visible][:, 2:-2, 2:-2]
    if len(crops) < 4:
        return 0.0
    smooth = (crops[1:] + crops[:-1]) / 2
    even = smooth - smooth.mean((1, 2), keepdims=True)
    return float(even.std(0).mean())


def _sideways(sign: float) -> Callable[[Track], Answer]:
    def judge(track: Track) -> Answer:
        way = _way(track)
        return sign * way >= MIN_WAY, way

    return judge


def _in_depth(sign: float) -> Callable[[Track], Answer]:
    def judge(track: Track) -> Answer:
        growth = _growth(track)
        return sign * growth >= MIN_GROWTH, growth

    return judge


def _stand(track: Track) -> Answer:
    moved = max(abs(_way(track)) / STILL_WAY, abs(_growth(track)) / STILL_GROWTH, _swing(track) / MIN_JUMP)
    return moved < 1, moved


def _jump(track: Track) -> Answer:
    swing = _swing(track)
    return swing >= MIN_JUMP and abs(_way(track)) < 2 * MIN_WAY, swing


def _vertical(sign: float) -> Callable[[Track], Answer]:
    """From the first to the last fifth of the clip; down is positive."""

    def judge(track: Track) -> Answer:
        bottom = track.box[:, 3][track.visible]
        fifth = max(len(bottom) // 5, 1)
        way = float(bottom[-fifth:].mean() - bottom[:fifth].mean())
        return sign * way >= MIN_FALL, way

    return judge


def _spin(track: Track) -> Answer:
    """The picture changes within while the thing stays where it is."""
    figure = turning(track)
    return figure >= MIN_TURNING and abs(_way(track)) < MIN_WAY and _swing(track) < MIN_JUMP, figure


MOTION: dict[str, Callable[[Track], Answer]] = {
    "stand": _stand,
    "left": _sideways(-1.0),
    "right": _sideways(1.0),
    "toward": _in_depth(1.0),
    "away": _in_depth(-1.0),
    "jump": _jump,
    "bounce": _jump,
    "fall": _vertical(1.0),
    "rise": _vertical(-1.0),
    "spin": _spin,
}
"""Motions that a track alone settles; the others (orbit, follow, hide) are not verified."""
ROUND = ("ball", "cone", "cylinder", "balloon", "lamp")
"""They look alike from all sides: whether they spin cannot be seen."""


def motion(fact: Fact, evidence: Evidence) -> Answer:
    """The thing moves as stated; of a group every member does."""
    noun = evidence.statement.things[fact.subject or 0].noun
    if fact.value not in MOTION or (fact.value == "spin" and noun in ROUND):
        return UNSETTLED
    tracks = evidence.steady[fact.subject or 0]
    if not tracks:
        return MISSING
    answers = [MOTION[fact.value](track) for track in tracks]
    return all(holds for holds, _ in answers), answers[0][1]


def _beside(sign: float) -> Callable[[Track, Track, NDArray[np.bool_]], Answer]:
    def judge(first: Track, second: Track, both: NDArray[np.bool_]) -> Answer:
        apart = float((first.x - second.x)[both].mean())
        return sign * apart >= MIN_APART, apart

    return judge


def _floats(fact: Fact, evidence: Evidence) -> bool:
    """Whether one of the things of a fact is not on the ground."""
    nouns = [evidence.statement.things[number].noun for number in (fact.subject, fact.object) if number is not None]
    return any(NOUNS[noun].verb in AIRBORNE for noun in nouns)


def _nearer(sign: float) -> Callable[[Track, Track, NDArray[np.bool_]], Answer]:
    """What stands nearer on the ground stands lower in the picture."""

    def judge(first: Track, second: Track, both: NDArray[np.bool_]) -> Answer:
        lower = float((first.box[:, 3] - second.box[:, 3])[both].mean())
        return sign * lower > 0.02, lower

    return judge


def _on(first: Track, second: Track, both: NDArray[np.bool_]) -> Answer:
    gap = float(np.abs(first.box[:, 3] - second.box[:, 1])[both].mean())
    inside = (first.x > second.box[:, 0]) & (first.x < second.box[:, 2])
    return gap < 0.12 and bool(inside[both].mean() >= PRESENT), gap


RELATION: dict[str, Callable[[Track, Track, NDArray[np.bool_]], Answer]] = {
    "left": _beside(-1.0),
    "right": _beside(1.0),
    "front": _nearer(1.0),
    "behind": _nearer(-1.0),
    "on": _on,
}


def relation(fact: Fact, evidence: Evidence) -> Answer:
    """Two things stand to one another as stated, on average over the frames that show both."""
    if fact.value not in RELATION or fact.object is None:
        return UNSETTLED
    if fact.value in ("front", "behind") and _floats(fact, evidence):
        return UNSETTLED
    firsts, seconds = evidence.cast[fact.subject or 0], evidence.cast[fact.object]
    if not firsts or not seconds:
        return MISSING
    both = firsts[0].visible & seconds[0].visible
    return RELATION[fact.value](firsts[0], seconds[0], both) if both.any() else MISSING


def category(fact: Fact, statement: Statement) -> str:
    """The kind of fact as it is counted in reports; its own kind where reports have no other."""
    if fact.kind == "exists":
        return "count" if statement.things[fact.subject or 0].count > 1 else "color and noun"
    if fact.kind == "motion":
        return "direction" if fact.value in ("left", "right", "toward", "away") else "other motion"
    if fact.kind == "relation":
        return "left or right" if fact.value in ("left", "right") else "other relation"
    return fact.kind


def place(fact: Fact, evidence: Evidence) -> Answer:
    return evidence.parsed.place == fact.value, float("nan")


def time(fact: Fact, evidence: Evidence) -> Answer:
    return evidence.parsed.time == fact.value, float("nan")


def weather(fact: Fact, evidence: Evidence) -> Answer:
    return evidence.parsed.weather == fact.value, float("nan")


def _turn(axis: str, sign: float, *, around: bool = False) -> Callable[[Evidence], Answer]:
    """The background goes by ``sign`` along an axis of the picture; things go with it, or do not where the camera goes
    ``around`` them. A camera that turns after something looks as one that goes around it: that is not told apart."""

    def judge(evidence: Evidence) -> Answer:
        way = float(getattr(evidence.parsed.camera, axis)[-1])
        if sign * way < MIN_PAN:
            return False, way
        carried = [_trend(track, getattr(track, axis[1])) / way for tracks in evidence.cast for track in tracks]
        if axis == "dy" or not carried:
            return True, way
        if around:
            return min(carried) < CARRIED, way
        return True if max(carried) >= CARRIED else None, way

    return judge


def _approach(sign: float) -> Callable[[Evidence], Answer]:
    """The background grows or shrinks. Whether by a lens or on rails is not told apart."""

    def judge(evidence: Evidence) -> Answer:
        growth = float(np.log(evidence.parsed.camera.scale[-1]))
        return sign * growth >= MIN_NEARER, growth

    return judge


def _at_rest(evidence: Evidence) -> Answer:
    camera = evidence.parsed.camera
    growth = abs(float(np.log(camera.scale[-1])))
    moved = max(abs(camera.dx[-1]) / STEADY, abs(camera.dy[-1]) / STEADY, growth / STEADY_SIZE, camera.shot[-1])
    return bool(moved < 1), float(moved)


def _cut(evidence: Evidence) -> Answer:
    shots = int(evidence.parsed.camera.shot[-1]) + 1
    return shots > 1, float(shots)


CAMERA: dict[str, Callable[[Evidence], Answer]] = {
    "static": _at_rest,
    "cut": _cut,
    "pan left": _turn("dx", 1.0),
    "pan right": _turn("dx", -1.0),
    "orbit left": _turn("dx", -1.0, around=True),
    "orbit right": _turn("dx", 1.0, around=True),
    "tilt up": _turn("dy", 1.0),
    "tilt down": _turn("dy", -1.0),
    "zoom in": _approach(1.0),
    "dolly in": _approach(1.0),
    "zoom out": _approach(-1.0),
    "dolly out": _approach(-1.0),
}


def camera(fact: Fact, evidence: Evidence) -> Answer:
    """The camera moves as stated; whether it follows something is not verified."""
    return CAMERA[fact.value](evidence) if fact.value in CAMERA else UNSETTLED


def event(fact: Fact, evidence: Evidence) -> Answer:
    """Something is painted: its color is another at the end. Other events are not verified."""
    verb, _, color = fact.value.partition(" ")
    if verb != "paint" or not color or fact.subject is None:
        return UNSETTLED
    tracks = evidence.cast[fact.subject]
    if not tracks:
        return MISSING
    shown = [name for name in tracks[0].colors if name]
    late = shown[-max(len(shown) // 5, 1) :]
    share = late.count(color) / len(late)
    return share >= PRESENT and shown[0] != color, share


VERIFIERS: dict[str, Callable[[Fact, Evidence], Answer]] = {
    "exists": exists,
    "motion": motion,
    "relation": relation,
    "place": place,
    "time": time,
    "weather": weather,
    "camera": camera,
    "event": event,
}


def verify(statement: Statement, parsed: ParsedClip) -> tuple[Verdict, ...]:
    """A verdict on each fact of a statement, in its order."""
    played = cast(statement, parsed)
    evidence = Evidence(
        statement=statement,
        parsed=parsed,
        cast=played,
        steady=tuple(tuple(steady(track, parsed.camera) for track in tracks) for tracks in played),
    )
    verdicts = []
    for fact in statement.facts:
        holds, figure = VERIFIERS[fact.kind](fact, evidence)
        verdicts.append(Verdict(fact=fact, holds=holds, figure=figure))
    return tuple(verdicts)
