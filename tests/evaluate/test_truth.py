from __future__ import annotations

import numpy as np
import pytest

from ozora.evaluate.truth import true_labels, true_maps
from ozora.language.vocabulary import SMALL
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene, Thing


@pytest.mark.egl
@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("size", [(128, 224), (256, 448), (448, 256)])
def test_truth_lies_where_the_thing_is(size: tuple[int, int]) -> None:
    scene = Scene(
        things=(Thing(noun="cube", color="red", x=-0.8), Thing(noun="ball", color="blue", x=0.8)), place="snow"
    )
    maps = true_maps(Renderer(*size), scene, np.zeros(1), SMALL)
    cube, ball = (maps.noun[0] == 1 + SMALL.nouns.index(noun) for noun in ("cube", "ball"))
    assert np.nonzero(cube)[1].max() < maps.noun.shape[2] / 2 < np.nonzero(ball)[1].min()
    assert set(np.unique(maps.color[0][ball])) == {SMALL.colors.index("blue")}
    red, green, blue = maps.rgb[0][ball].mean(0)
    assert blue > red and blue > green
    assert SMALL.places[int(maps.place[0].argmax())] == "snow"


def test_what_has_no_color_is_told_so() -> None:
    scene = Scene(things=(Thing(noun="cube", color="red"), Thing(noun="ball", color="")), place="snow")
    thing = np.array([[0, 1, 2]], np.uint8).repeat(128, 0).repeat(75, 1)[None, :, :224]
    noun, color = true_labels(thing, scene, SMALL, no_color=255)
    assert np.unique(noun).tolist() == sorted([0, 1 + SMALL.nouns.index("ball"), 1 + SMALL.nouns.index("cube")])
    assert np.unique(color).tolist() == [SMALL.colors.index("red"), 255]
