"""Truth: what a perfect scene parser would answer on frames of the stage."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ozora.language.vocabulary import Vocabulary
from ozora.perception.parser import FINE, Maps, read_size, shrink
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene

Numbers = NDArray[np.uint8]


def true_maps(
    renderer: Renderer, scene: Scene, times_s: NDArray[np.float64], vocabulary: Vocabulary, *, no_color: int = 0
) -> Maps:
    """The maps of the scene's frames at ``times_s`` [f]; ``rgb`` is what a parser would see. The color of what has none
    of the vocabulary's is ``no_color``."""
    drawing = draw(scene, times_s, renderer.width / renderer.height)
    picture = shrink(torch.from_numpy(renderer.render(drawing).rgb).permute(0, 3, 1, 2).float())
    seen = torch.nn.functional.avg_pool2d(picture, FINE).round().to(torch.uint8)
    noun, color = true_labels(renderer.locate(drawing).thing, scene, vocabulary, no_color=no_color)
    certain = np.ones((len(times_s), 1), np.float32)

    def sure(options: tuple[str, ...], value: str) -> NDArray[np.float32]:
        return certain * np.array([option == value for option in options], np.float32)

    return Maps(
        noun=noun,
        votes=np.eye(len(vocabulary.nouns) + 1, dtype=np.float16)[noun],
        color=color,
        place=sure(vocabulary.places, scene.place),
        time=sure(vocabulary.times, scene.time),
        weather=sure(vocabulary.weathers, scene.weather),
        rgb=seen.permute(0, 2, 3, 1).contiguous().numpy(),
    )


def true_labels(
    thing: NDArray[np.uint8], scene: Scene, vocabulary: Vocabulary, *, no_color: int
) -> tuple[Numbers, Numbers]:
    """Noun and color at each pixel of the parser's maps, from the number of the thing at each pixel [f, i, j]."""
    height, width = thing.shape[1:]
    rows, columns = (length // FINE for length in read_size(height, width))
    down, across = (2 * np.arange(n) + 1 for n in (rows, columns))
    number = thing[:, down * height // (2 * rows)][:, :, across * width // (2 * columns)]
    nouns = np.array([0, *(1 + vocabulary.nouns.index(thing.noun) for thing in scene.things)], np.uint8)
    known = (vocabulary.colors.index(thing.color) if thing.color else no_color for thing in scene.things)
    colors = np.array([no_color, *known], np.uint8)
    return nouns[number], colors[number]
