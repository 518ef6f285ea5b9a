from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.errors import UserError
from ozora.evaluate.drift import measure_drift, plot_drift
from ozora.language.prompt_parser import parse_prompt
from ozora.perception.parser import Parser
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene, Thing


@pytest.mark.egl
def test_a_clip_that_darkens_and_loses_its_thing_drifts(tmp_path: Path, parser: Parser) -> None:
    scene = Scene(things=(Thing(noun="ball", color="red", x=0.0, z=0.3),), place="meadow")
    still = Renderer(128, 224).render(draw(scene, np.zeros(1), 224 / 128)).rgb
    steady = np.repeat(still, 120, axis=0)
    statement = parse_prompt("a red ball rolls left in a meadow").statement
    calm = measure_drift(steady, Fraction(12), statement, parser)
    assert [(moment.holds, moment.settled) for moment in calm.moments] == [(2, 2), (2, 2)], (
        "the motion is not asked for"
    )
    assert abs(calm.slope("brightness")) < 1e-6
    fading = steady.copy()
    fading[60:] = steady[60:] // 4
    drift = measure_drift(fading, Fraction(12), statement, parser)
    assert drift.slope("brightness") < -1
    assert drift.moments[1].holds < 2
    assert drift.table().count("\n") == 4
    plot_drift(drift, tmp_path / "drift.png")
    assert (tmp_path / "drift.png").stat().st_size > 5000
    with pytest.raises(UserError, match="shorter than 5 seconds"):
        measure_drift(steady[:30], Fraction(12), statement, parser)
