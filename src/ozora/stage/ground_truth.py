"""The truth of a clip: what is where in every picture, how it moves, and what has happened. Ours.

Letters: ``f`` frames, ``h w`` rows and columns, ``n`` things, ``e`` events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.stage.drawing import Drawing
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Exact geometry of all frames, thing ``i`` of the scene at place ``i``.

    ``thing`` [f, h, w] number of the thing seen, counted from 1 (0: none); ``depth`` [f, h, w] meters from the eye (0
    where no thing is); ``motion`` [f, h, w, 2] pixels since the previous frame, see ``Renderer.measure_motion``;
    ``boxes`` [f, n, 4] left, top, right and bottom of what is seen of a thing in pixels, the last two just outside it
    (zeros where nothing is seen); ``areas`` [f, n] pixels of it; ``happened`` [f, e] whether an event has begun.
    """

    thing: NDArray[np.uint8]
    depth: NDArray[np.float32]
    motion: NDArray[np.float32]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    happened: NDArray[np.bool_]


def observe(renderer: Renderer, drawing: Drawing) -> Observation:
    """Everything that is true of a drawing; costs about two renderings."""
    truth = renderer.locate(drawing)
    num_things = len(drawing.scene.things)
    return Observation(
        thing=truth.thing,
        depth=truth.depth,
        motion=renderer.measure_motion(drawing),
        boxes=measure_boxes(truth.thing, num_things),
        areas=measure_areas(truth.thing, num_things),
        happened=list_events(drawing.scene, drawing.times),
    )


def measure_boxes(thing: NDArray[np.uint8], num_things: int) -> NDArray[np.int64]:
    """Boxes [f, n, 4] of the things numbered in ``thing`` [f, h, w]."""
    boxes = np.zeros((len(thing), num_things, 4), np.int64)
    for place in range(num_things):
        seen = thing == place + 1
        for axis, (low, high) in ((1, (0, 2)), (2, (1, 3))):
            line = seen.any(axis=axis)
            boxes[:, place, low] = line.argmax(axis=1)
            boxes[:, place, high] = line.shape[1] - line[:, ::-1].argmax(axis=1)
        boxes[~seen.any(axis=(1, 2)), place] = 0
    return boxes


def measure_areas(thing: NDArray[np.uint8], num_things: int) -> NDArray[np.int64]:
    """Visible pixels [f, n] of each thing."""
    return np.stack([(thing == number).sum(axis=(1, 2)) for number in range(1, num_things + 1)], axis=1)


def list_events(scene: Scene, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each event of a scene has begun [f, e] at ``times`` [f] seconds."""
    return times[:, None] >= np.array([event.at_s for event in scene.events])
