"""Small scenes for tests, and the points of space that they fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.stage.drawing import SOLID_NAMES, Drawing, draw
from ozora.stage.scene import Motion, Scene, Shot, Thing
from ozora.stage.solids import SOLIDS

HEIGHT, WIDTH = 64, 112
MESHES = [SOLIDS[name]() for name in SOLID_NAMES]
Array = NDArray[np.float64]


def scene(*things: Thing, place: str = "desert", shot: Shot = Shot(), time: str = "day") -> Scene:  # noqa: B008 - frozen
    """Things under one camera; no weather, no events, four seconds."""
    return Scene(things=things, place=place, time=time, shots=(shot,))


def mover(noun: str, kind: str, *, speed: float = 0.8, color: str = "red", target: int | None = None) -> Thing:
    return Thing(noun=noun, color=color, motion=Motion(kind=kind, speed=speed, target=target))


def times(count: int = 9, duration_s: float = 4.0) -> Array:
    return np.linspace(0.0, duration_s, count)


def drawn(setup: Scene, at: Array | None = None) -> Drawing:
    return draw(setup, times() if at is None else at, WIDTH / HEIGHT)


def points(drawing: Drawing, number: int, frame: int = 0) -> Array:
    """All vertices [v, 3] in world space of the parts of thing ``number`` that are seen in a frame."""
    found = [np.zeros((0, 3))]
    for part in np.flatnonzero(drawing.things == number):
        matrix = drawing.matrices[frame, part].astype(np.float64)
        if matrix.any():
            found.append(MESHES[drawing.solids[part]].positions @ matrix[:, :3].T + matrix[:, 3])
    return np.concatenate(found)


def pixels(drawing: Drawing, frame: int, world: Array) -> Array:
    """Where points [..., 3] of the world are seen: x and y [..., 2] in pixels from the top left."""
    clip = np.concatenate([world, np.ones((*world.shape[:-1], 1))], axis=-1) @ drawing.view.to_clip[frame].T
    ndc = clip[..., :2] / np.maximum(clip[..., 3:], 1e-6)  # points beside the camera are nowhere
    return np.asarray((ndc * [0.5, -0.5] + 0.5) * [WIDTH, HEIGHT])


def rays(drawing: Drawing, frame: int) -> Array:
    """Direction [h, w, 3], of length one, in which each pixel's center looks."""
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH * 2 - 1, 1 - (np.arange(HEIGHT) + 0.5) / HEIGHT * 2)
    far = np.stack([x, y, np.ones_like(x), np.ones_like(x)], axis=-1) @ np.linalg.inv(drawing.view.to_clip[frame]).T
    way = far[..., :3] / far[..., 3:] - drawing.view.eye[frame]
    return np.asarray(way / np.linalg.norm(way, axis=-1, keepdims=True))
