from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from ozora.language.vocabulary import COLORS, NOUNS, SMALL
from ozora.shapes import VideoShape
from ozora.train.corpus import Stage, Whereabouts
from ozora.train.labels import label_cells


def where(*columns: int) -> Whereabouts:
    """A red cube that is 12 pixels wide and begins at a column at each time; it goes right and faces half away."""
    thing = np.zeros((len(columns), 32, 64), np.uint8)
    for time, column in enumerate(columns):
        thing[time, 16:, column : column + 12] = 1
    drift, facing = (np.tile([pair], (len(columns), 1, 1)) for pair in ((1.0, 0.25), (0.6, 0.8)))
    return Whereabouts(thing=thing, nouns=("cube",), colors=("red",), drift=drift, facing=facing)


def test_a_cell_is_named_after_what_it_shows() -> None:
    labels = label_cells(where(0, 16), 16)
    assert labels.names.shape == (2, 2, 4, 8)
    cube, red = 1 + list(NOUNS).index("cube"), 1 + list(COLORS).index("red")
    assert labels.names[0, 0].tolist() == [[0] * 8, [0] * 8, [cube, cube, *[0] * 6], [cube, cube, *[0] * 6]]
    assert labels.names[1, 1, 2].tolist() == [0, 0, red, red, 0, 0, 0, 0]
    assert labels.share[0, 2].tolist() == [1.0, 0.5, *[0.0] * 6]


def test_drift_and_facing_are_those_of_the_thing_and_turn_round_in_a_mirror() -> None:
    labels = label_cells(where(0, 16), 16)
    assert labels.drift[:, 1, 2, 2].tolist() == [1.0, 0.25]
    assert labels.facing[:, 1, 2, 2].tolist() == pytest.approx([0.6, 0.8])
    assert not labels.drift[:, 1, 2, 0].any() and not labels.facing[:, 1, 2, 0].any()
    mirrored = labels.mirrored()
    assert mirrored.drift[:, 1, 2, 5].tolist() == [-1.0, 0.25]
    assert mirrored.facing[:, 1, 2, 5].tolist() == pytest.approx([-0.6, 0.8])
    assert mirrored.names[0, 1, 2, 5] == labels.names[0, 1, 2, 2]
    assert mirrored.share[1, 2, 4] == labels.share[1, 2, 3] == 0.5
    assert label_cells(where(0), 16).drift.abs().max() == 0, "a picture shows no movement"


@pytest.mark.egl
def test_labels_agree_with_the_pictures() -> None:
    stage = Stage(VideoShape(frames=13, height=64, width=112, fps=Fraction(12)), SMALL)
    for seed in range(5):
        clip = stage.clip(seed, frames=13)
        labels = label_cells(stage.whereabouts(seed, frames=13, time=6), 16)
        chosen = torch.from_numpy(clip.cover)[[0, 3, 9]].float()[:, None] / 255
        cover = torch.nn.functional.avg_pool2d(chosen, 8)[:, 0]
        assert (labels.share - cover).abs().mean() < 0.03
