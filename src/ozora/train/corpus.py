"""The corpus: clips of the stage rendered on the fly, by seed. The same seed gives the same pixels and caption."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ozora.language.captions import write_caption
from ozora.language.facts import Statement
from ozora.language.vocabulary import Vocabulary
from ozora.shapes import VideoShape
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Scene
from ozora.stage.screen_motion import measure_drift, measure_facing

LATE_S = 2.5
"""The most that a passing clip begins before or after its scene."""
NEARER = 1.5
"""Meters that something may come nearer to the camera in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One training example: ``rgb`` [f, h, w, 3], ``cover`` [f, h, w] (255 on a thing), and what can be said of it."""

    rgb: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    statement: Statement
    seed: int

    def caption(self, turn: int) -> str:
        """A caption; another ``turn``, another phrasing."""
        return write_caption(np.random.default_rng([self.seed, 11, turn]), self.statement).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """``thing`` [g, h, w] number of the thing seen (0: none); ``nouns`` and ``colors`` of the things, in order from
    number 1; ``drift`` and ``facing`` [g, n, 2] of each, see ``stage.screen_motion``."""

    thing: NDArray[np.uint8]
    nouns: tuple[str, ...]
    colors: tuple[str, ...]
    drift: NDArray[np.float64]
    facing: NDArray[np.float64]


class Stage:
    """Renders clips of one shape from one vocabulary. Where it is ``passing`` a clip begins before or after its scene
    does, so that what walks comes into the picture or leaves it."""

    def __init__(self, shape: VideoShape, vocabulary: Vocabulary, *, passing: bool = False) -> None:
        self.shape, self.vocabulary, self.passing = shape, vocabulary, passing
        self.renderer = Renderer(shape.height, shape.width)

    def clip(self, seed: int, *, frames: int | None = None) -> Clip:
        """The clip of a seed; ``frames`` consecutive ones at a place of the seed's where not all are wanted."""
        scene, statement, times = self._setup(seed, self.shape.frames if frames is None else frames)
        picture = self.renderer.render(draw(scene, times, self.shape.width / self.shape.height))
        return Clip(rgb=picture.rgb, cover=picture.cover, statement=statement, seed=seed)

    def whereabouts(self, seed: int, *, frames: int, time: int) -> Whereabouts:
        """What is where in the same clip: in its first frame, and in the middle one of each ``time`` frames after."""
        scene, _, times = self._setup(seed, frames)
        chosen = np.concatenate([[0], np.arange(1, frames, time) + (time - 1) // 2])
        aspect = self.shape.width / self.shape.height
        drawing = draw(scene, times[chosen], aspect)
        return Whereabouts(
            thing=self.renderer.locate(drawing).thing,
            nouns=tuple(thing.noun for thing in scene.things),
            colors=tuple(thing.color for thing in scene.things),
            drift=measure_drift(scene, times[chosen], aspect),
            facing=measure_facing(drawing),
        )

    def _setup(self, seed: int, frames: int) -> tuple[Scene, Statement, NDArray[np.float64]]:
        """Scene, statement and times [f] of a seed."""
        duration_s = float(Fraction(self.shape.frames - 1) / self.shape.fps)
        spare = duration_s - float((frames - 1) / self.shape.fps)
        offset_s = spare * float(np.random.default_rng([seed, 13]).random())
        scene, statement = draw_scene(seed, self.vocabulary, duration_s=duration_s)
        if self.passing:
            offset_s += _late_by(scene, np.random.default_rng([seed, 19]))
        return scene, statement, offset_s + np.arange(frames) / float(self.shape.fps)


def _late_by(scene: Scene, rng: np.random.Generator) -> float:
    """How long after its scene a clip begins, or before it; nothing walks into the camera by it."""
    toward = (NEARER / thing.motion.speed for thing in scene.things if thing.motion.kind == "toward")
    return float(rng.uniform(-LATE_S, min([LATE_S, *toward])))
