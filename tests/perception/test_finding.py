from __future__ import annotations

import numpy as np
import pytest

from ozora.errors import UserError
from ozora.perception.finding import find_matte, find_thing
from ozora.perception.parser import Parser
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Motion, Scene, Thing


@pytest.mark.egl
def test_a_thing_is_found_wherever_it_goes(parser: Parser) -> None:
    things = (
        Thing(noun="ball", color="red", x=-1.5, z=0.3),
        Thing(noun="cube", color="blue", x=1.0, z=0.3, motion=Motion(kind="right")),
    )
    drawing = draw(Scene(things=things, place="meadow"), np.arange(13) / 4, 224 / 128)
    renderer = Renderer(128, 224)
    frames = renderer.render(drawing).rgb
    ball, cube = find_thing(frames, "the red ball", parser=parser), find_thing(frames, "the cube", parser=parser)
    assert ball.right < 0.5 < (cube.left + cube.right) / 2
    assert cube.right - cube.left > ball.right - ball.left, "it moves"
    matte = find_matte(frames, "the red ball", parser=parser)
    assert matte.shape == frames.shape[:3]
    truth, white = renderer.locate(drawing).thing == 1, matte > 127
    assert (truth & white).sum() > 0.6 * (truth | white).sum()
    with pytest.raises(UserError, match="a red ball"):
        find_thing(frames, "a green dog", parser=parser)
    with pytest.raises(UserError, match="names no thing"):
        find_thing(frames, "happiness", parser=parser)
