"""How the things of a scene move and stand as the camera sees them, from the scene alone: nothing is rendered.

Letters: ``f`` times, ``n`` things.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.stage.camera import film, shot_index
from ozora.stage.drawing import Drawing
from ozora.stage.scene import Scene
from ozora.stage.trajectories import height, trace

FloatArray = NDArray[np.float64]
MOMENT_S = 1 / 24
"""Speeds are measured from so much before a time to so much after it."""


def measure_drift(scene: Scene, times: FloatArray, aspect: float) -> FloatArray:
    """How fast the middle of each thing moves over the picture [f, n, 2]: picture heights a second to the right and
    down. Zero where a cut is near."""
    before, after = times - MOMENT_S, times + MOMENT_S
    same = shot_index(scene, before) == shot_index(scene, after)
    way = _middles(scene, after, aspect) - _middles(scene, before, aspect)
    return np.asarray(way / (2 * MOMENT_S) * same[:, None, None])


def _middles(scene: Scene, times: FloatArray, aspect: float) -> FloatArray:
    """Where the middle of each thing is seen [f, n, 2], in picture heights to the right and down."""
    tracks = trace(scene, times)
    view = film(scene, times, tracks, aspect)
    middles = np.ones((len(times), len(tracks), 4))
    for place, (thing, track) in enumerate(zip(scene.things, tracks, strict=True)):
        middles[:, place, :3] = track.position
        middles[:, place, 1] += track.squash * height(thing) / 2
    seen = np.einsum("fij,fnj->fni", view.to_clip, middles)
    return np.asarray(seen[..., :2] / seen[..., 3:].clip(1e-3) * [aspect / 2, -0.5])


def measure_facing(drawing: Drawing) -> FloatArray:
    """Which way each thing faces as one looks at it [f, n, 2]: the part of its forward direction (of length 1) that
    points to the right, and the part that points away."""
    result = np.zeros((len(drawing.times), len(drawing.tracks), 2))
    for place, track in enumerate(drawing.tracks):
        away = (track.position - drawing.view.eye)[:, ::2]
        away = away / np.linalg.norm(away, axis=1, keepdims=True).clip(1e-6)
        angle = np.radians(track.yaw)
        forward = np.stack([np.cos(angle), -np.sin(angle)], axis=1)
        right = np.stack([-away[:, 1], away[:, 0]], axis=1)
        result[:, place] = np.stack([(forward * right).sum(1), (forward * away).sum(1)], axis=1)
    return result
