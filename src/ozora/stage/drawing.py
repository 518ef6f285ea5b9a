"""From a scene to what the renderer draws: one list of solids with their matrices at every frame.

Letters: ``f`` frames, ``p`` parts. Matrices are 3 x 4, world = matrix @ (x, y, z, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ozora.language.cast import CAST
from ozora.language.vocabulary import FINISHES
from ozora.stage.camera import View, film
from ozora.stage.performance import perform
from ozora.stage.scene import Scene, Thing
from ozora.stage.solids import SOLIDS
from ozora.stage.toys import STATES, TINTS, TOYS, Joint, Part, sign
from ozora.stage.trajectories import Track, height, trace
from ozora.stage.troupe.figure import Appearance
from ozora.stage.troupe.pack import Pack, find_pack

Array = NDArray[np.float32]
SOLID_NAMES = tuple(SOLIDS)
FACTOR = {"main": 1.0, "light": 1.0, "dark": 0.62}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A clip ready to render: ``matrices`` [f, p, 3, 4], ``paints`` [f, p, 4] (RGB and gloss), ``solids`` [p] index
    into ``SOLID_NAMES`` (sorted), ``things`` [p] (1-based number, 0 is scenery); ``figures`` of the troupe."""

    scene: Scene
    times: NDArray[np.float64]
    view: View
    tracks: tuple[Track, ...]
    matrices: Array
    paints: Array
    solids: NDArray[np.int64]
    things: Array
    figures: tuple[Appearance, ...] = ()


def _euler(degrees: tuple[float, float, float]) -> NDArray[np.float64]:
    """Rotation [3, 3] about x, then y, then z."""
    x, y, z = np.radians(degrees)
    rx = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(rz @ ry @ rx)


def _about(axis: str, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotations [f, 3, 3] about one axis by ``angle`` [f] radians."""
    c, s = np.cos(angle), np.sin(angle)
    result = np.zeros((len(angle), 3, 3))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    k = 3 - i - j
    result[:, k, k] = 1.0
    result[:, i, i] = result[:, j, j] = c
    result[:, i, j], result[:, j, i] = -s, s
    return result


@lru_cache(maxsize=64)
def _parts(noun: str, word: str) -> tuple[Part, ...]:
    return sign(word) if noun == "sign" and word else TOYS[noun]()


def _swing(joint: Joint, track: Track, times: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    """Angle [f] in radians of a joint."""
    if joint.roll:
        return joint.roll * 2 * np.pi * track.way / unit
    pace = track.way / unit * 1.1 if joint.drive == "gait" else times
    weight = track.gait if joint.drive == "gait" else 1.0
    return np.asarray(np.radians(joint.swing) * weight * np.sin(2 * np.pi * joint.rate * pace + joint.phase))


def _local(part: Part, track: Track, times: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    """Part to toy space [f, 3, 4]."""
    base = np.zeros((3, 4))
    base[:, :3] = _euler(part.turn) * np.array(part.size)
    base[:, 3] = part.at
    if part.joint is None:
        return np.broadcast_to(base, (len(times), 3, 4))
    turn = _about(part.joint.axis, _swing(part.joint, track, times, unit))
    pivot = np.array(part.joint.pivot)
    result = turn @ base
    result[:, :, 3] += pivot - turn @ pivot
    return result


def _root(track: Track, unit: float, half_width: float) -> NDArray[np.float64]:
    """Toy to world space [f, 3, 4]: squash, topple about the base edge at ``half_width`` units, yaw, place."""
    wide = unit / np.sqrt(track.squash)
    scale = np.stack([wide, unit * track.squash, wide], axis=1)
    pitch = _about("z", np.radians(track.pitch))
    edge = np.array([half_width * unit, 0.0, 0.0])
    rotate = _about("y", np.radians(track.yaw)) @ pitch
    shift = edge - pitch @ edge
    result = np.zeros((len(track.yaw), 3, 4))
    result[:, :, :3] = rotate * scale[:, None, :]
    yawed = _about("y", np.radians(track.yaw)) @ shift[:, :, None]
    result[:, :, 3] = track.position + yawed[:, :, 0]
    return result


def _tint(part: Part, track: Track) -> NDArray[np.float64]:
    """Color [f, 3] of a part."""
    if part.tint in TINTS:
        return np.broadcast_to(np.array(TINTS[part.tint]), track.color.shape)
    if part.tint == "light":
        return track.color * 0.6 + 0.4 * np.array([1.0, 0.98, 0.94])
    return track.color * FACTOR[part.tint]


def _draw_thing(thing: Thing, track: Track, times: NDArray[np.float64]) -> tuple[list[Part], Array, Array]:
    unit = height(thing)
    states = STATES.get(thing.noun, ("",))
    parts = list(_parts(thing.noun, thing.word))
    root = _root(track, unit, max(part.at[0] + part.size[0] / 2 for part in parts))
    matrices = np.zeros((len(times), len(parts), 3, 4), np.float32)
    paints = np.zeros((len(times), len(parts), 4), np.float32)
    for i, part in enumerate(parts):
        local = _local(part, track, times, unit)
        matrices[:, i] = root[:, :, :3] @ local
        matrices[:, i, :, 3] += root[:, :, 3]
        if part.state:
            matrices[track.state != states.index(part.state), i] = 0.0
        paints[:, i, :3] = _tint(part, track)
        paints[:, i, 3] = FINISHES[thing.finish] if part.gloss is None else part.gloss
    return parts, matrices, paints


def draw(scene: Scene, times: NDArray[np.float64], aspect: float, pack: Pack | None = None) -> Drawing:
    """The drawing of ``scene`` at ``times`` [f] seconds for pictures of width / height ``aspect``.

    The cast is in ``pack``; without one, the scene's members are those of ``find_pack``. Raises UserError where a scene
    needs a pack and there is none.
    """
    tracks = trace(scene, times)
    names: list[int] = []
    things: list[int] = []
    matrices: list[Array] = [np.zeros((len(times), 0, 3, 4), np.float32)]
    paints: list[Array] = [np.zeros((len(times), 0, 4), np.float32)]
    figures: list[Appearance] = []
    for number, (thing, track) in enumerate(zip(scene.things, tracks, strict=True), start=1):
        if thing.noun in CAST:
            pack = pack or find_pack()
            figures.append(perform(pack, thing, track, times, number=number, seed=scene.seed))
            continue
        parts, matrix, paint = _draw_thing(thing, track, times)
        names += [SOLID_NAMES.index(part.solid) for part in parts]
        things += [number] * len(parts)
        matrices.append(matrix)
        paints.append(paint)
    order = np.argsort(np.array(names, np.int64), kind="stable")
    return Drawing(
        scene=scene,
        times=times,
        view=film(scene, times, tracks, aspect),
        tracks=tracks,
        matrices=np.ascontiguousarray(np.concatenate(matrices, axis=1)[:, order]),
        paints=np.ascontiguousarray(np.concatenate(paints, axis=1)[:, order]),
        solids=np.array(names, np.int64)[order],
        things=np.array(things, np.float32)[order],
        figures=tuple(figures),
    )
