"""Cameras: view and projection over time for each move. Matrices act on column vectors; clip space is OpenGL's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ozora.stage.scene import Scene, Shot
from ozora.stage.trajectories import Track, height, trace

FloatArray = NDArray[np.float64]
NEAR_M, FAR_M = 0.3, 80.0
WIDTH = 1.55
"""What a narrow picture shows across at the most, in heights of the shot; one that is wider shows what there is."""
CLOSEST = 0.85
"""What it shows across at the least."""
MARGIN = 0.92
"""How much of half a narrow picture the things may take."""
HALF_WIDTH = 0.7
"""Half of the room that a thing needs to both sides, as a share of its height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The camera at each time: ``to_clip`` [f, 4, 4] from world to clip space, ``eye`` [f, 3] in meters."""

    to_clip: FloatArray
    eye: FloatArray


def _turn(vector: FloatArray, angle: FloatArray, axis: str) -> FloatArray:
    """Rotate ``vector`` [f, 3] about world y, or pitch it, by ``angle`` [f] radians."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = vector.T
    if axis == "y":
        return np.stack([c * x + s * z, y, -s * x + c * z], axis=1)
    return np.stack([x, c * y - s * z, s * y + c * z], axis=1)


def _aim(shot: Shot, u: FloatArray, tracks: tuple[Track, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Eye [f, 3], target [f, 3] and field of view [f] of a shot at progress ``u`` in -0.5..0.5."""
    eye = np.tile(np.array(shot.eye, float), (len(u), 1))
    target = np.tile(np.array(shot.target, float), (len(u), 1))
    fov = np.full(len(u), shot.fov)
    kind, _, way = shot.move.partition(" ")
    sign = 1.0 if way in ("left", "up", "in") else -1.0
    if kind == "pan":
        target = eye + _turn(target - eye, sign * np.radians(26.0) * u, "y")
    elif kind == "tilt":
        target = eye + _turn(target - eye, sign * np.radians(13.0) * u, "x")
    elif kind == "zoom":
        fov = fov * np.exp(-sign * 0.6 * u)
    elif kind == "dolly":
        eye = target + (eye - target) * np.exp(-sign * 0.55 * u)[:, None]
    elif kind == "orbit":
        eye = target + _turn(eye - target, -sign * np.radians(55.0) * u, "y")
    elif kind == "follow" and tracks:
        drift = tracks[0].position * [1, 0, 1] - np.array([0, 0, tracks[0].position[0, 2]])
        eye, target = eye + drift * [1, 0, 0.5], target + drift * [1, 0, 0.5]
    return eye, target, fov


def _look_at(eye: FloatArray, target: FloatArray) -> FloatArray:
    back = eye - target
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    right = np.cross(np.array([0.0, 1.0, 0.0]), back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    up = np.cross(back, right)
    view = np.zeros((len(eye), 4, 4))
    for row, axis in enumerate((right, up, back)):
        view[:, row, :3] = axis
        view[:, row, 3] = -np.sum(axis * eye, axis=1)
    view[:, 3, 3] = 1.0
    return view


def _perspective(fov: FloatArray, aspect: float) -> FloatArray:
    scale = 1.0 / np.tan(np.radians(fov) / 2)
    matrix = np.zeros((len(fov), 4, 4))
    matrix[:, 0, 0], matrix[:, 1, 1] = scale / aspect, scale
    matrix[:, 2, 2] = -(FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    matrix[:, 2, 3] = -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
    matrix[:, 3, 2] = -1.0
    return matrix


def shot_index(scene: Scene, times: FloatArray) -> NDArray[np.int64]:
    """Which of the scene's shots is seen at each of ``times`` [f]."""
    starts = [shot.start_s for shot in scene.shots] + [scene.duration_s]
    found = np.searchsorted(starts, times + 1e-9, side="right") - 1
    return np.asarray(np.clip(found, 0, len(scene.shots) - 1), np.int64)


def film(scene: Scene, times: FloatArray, tracks: tuple[Track, ...], aspect: float) -> View:
    """The view at each of ``times`` [f]; ``aspect`` is width / height. A narrow picture is taken with a wider field of
    view, so that the things of its scene are inside of it."""
    index = shot_index(scene, times)
    eye, target, fov = _aim_all(scene, times, tracks)
    widen = np.array([_widening(scene, number, aspect) for number in range(len(scene.shots))])[index]
    fov = 2 * np.degrees(np.arctan(np.tan(np.radians(fov) / 2) * widen))
    return View(to_clip=_perspective(fov, aspect) @ _look_at(eye, target), eye=eye)


def _aim_all(scene: Scene, times: FloatArray, tracks: tuple[Track, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Eye [f, 3], target [f, 3] and field of view [f] at each of ``times`` [f]."""
    starts = [shot.start_s for shot in scene.shots] + [scene.duration_s]
    index = shot_index(scene, times)
    eye, target, fov = np.zeros((len(times), 3)), np.zeros((len(times), 3)), np.zeros(len(times))
    for i, shot in enumerate(scene.shots):
        u = (times - shot.start_s) / max(starts[i + 1] - shot.start_s, 1e-6) - 0.5
        parts = _aim(shot, u, tracks)
        for whole, part in zip((eye, target, fov), parts, strict=True):
            whole[index == i] = part[index == i]
    return eye, target, fov


@lru_cache(maxsize=64)
def _widening(scene: Scene, shot: int, aspect: float) -> float:
    """How much wider than it is the view of a shot must be for the things that a picture of ``WIDTH`` shows."""
    if aspect >= WIDTH:
        return 1.0
    starts = [one.start_s for one in scene.shots] + [scene.duration_s]
    times = np.linspace(starts[shot], starts[shot + 1], 9)[:-1]
    tracks = trace(scene, times)
    eye, target, fov = _aim_all(scene, times, tracks)
    view = _look_at(eye, target)
    most = CLOSEST
    for thing, track in zip(scene.things, tracks, strict=True):
        middle = track.position + np.array([0.0, height(thing) / 2, 0.0])
        seen = np.einsum("fij,fj->fi", view[:, :3, :3], middle) + view[:, :3, 3]
        depth = (-seen[:, 2]).clip(0.5) * np.tan(np.radians(fov) / 2)
        shown = np.abs(seen[:, 0]) / depth < WIDTH
        needed = (np.abs(seen[:, 0]) + HALF_WIDTH * height(thing)) / depth / MARGIN
        most = max(most, float(np.max(needed * shown)))
    return max(1.0, min(most, WIDTH) / aspect)


def shadow_view(sun: tuple[float, float, float], reach_m: float = 4.6) -> FloatArray:
    """Orthographic world-to-clip matrix [4, 4] of the sun over a circle of ``reach_m`` around the origin."""
    toward = np.array([sun], float) / np.linalg.norm(sun)
    view = _look_at(toward * 12.0 + [0, 0.6, 0], np.array([[0.0, 0.6, 0.0]]))[0]
    matrix = np.diag([1 / reach_m, 1 / reach_m, -1 / 12.0, 1.0])
    matrix[2, 3] = -1.0
    return np.asarray(matrix @ view)
