"""The corpus: clips of the stage rendered on the fly, by seed. The same seed gives the same pixels and caption."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ozora.shapes import VideoShape
from ozora.world.captions import write_caption
from ozora.world.drawing import draw
from ozora.world.facts import Statement
from ozora.world.renderer import Renderer
from ozora.world.sampling import draw_scene
from ozora.world.vocabulary import Vocabulary


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


class Stage:
    """Renders clips of one shape from one vocabulary."""

    def __init__(self, shape: VideoShape, vocabulary: Vocabulary) -> None:
        self.shape, self.vocabulary = shape, vocabulary
        self.renderer = Renderer(shape.height, shape.width)

    def clip(self, seed: int, *, frames: int | None = None, offset_s: float | None = None) -> Clip:
        """The clip of a seed; ``frames`` consecutive ones that begin at ``offset_s`` where not all are wanted."""
        duration_s = float(Fraction(self.shape.frames - 1) / self.shape.fps)
        count = self.shape.frames if frames is None else frames
        if offset_s is None:
            spare = duration_s - float((count - 1) / self.shape.fps)
            offset_s = spare * float(np.random.default_rng([seed, 13]).random())
        scene, statement = draw_scene(seed, self.vocabulary, duration_s=duration_s)
        times = offset_s + np.arange(count) / float(self.shape.fps)
        picture = self.renderer.render(draw(scene, times, self.shape.width / self.shape.height))
        return Clip(rgb=picture.rgb, cover=picture.cover, statement=statement, seed=seed)
