from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora import pipeline
from ozora.backends import BACKENDS
from ozora.backends.maquette import MaquetteBackend
from ozora.edit import extend, remix
from ozora.errors import SizeError, UserError
from ozora.plan import Composition, Plan
from tests.edit.clips import make_clip
from tests.model.tiny import make


def test_a_stronger_remix_keeps_less(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    BACKENDS["tiny-remix"] = MaquetteBackend(make(tmp_path / "tiny.safetensors"))
    try:
        results = []
        for strength in (Fraction(1, 10), Fraction(1)):
            composition = remix(source, strength=strength)
            plan = pipeline.make_plan("a red ball", composition=composition, model="tiny-remix", seed=1, steps=10)
            *_, take = pipeline.run(Plan.from_dict(plan.to_dict()))
            assert isinstance(take, pipeline.Take)
            assert take.record.parents == (source.sha256,)
            results.append(take.frames.astype(float))
        anew = pipeline.make_plan("a red ball", seconds="1.0833", model="tiny-remix", seed=1, steps=10)
        *_, free = pipeline.run(anew)
        assert isinstance(free, pipeline.Take)
    finally:
        del BACKENDS["tiny-remix"]
    subtle, strong = (np.abs(frames - free.frames).mean() for frames in results)
    assert strong == 0, "a remix of strength 1 is a new clip"
    assert subtle > 0.05


@pytest.mark.parametrize("strength", [Fraction(0), Fraction(-1), Fraction(2)])
def test_strengths_out_of_range_are_refused(tmp_path: Path, strength: Fraction) -> None:
    with pytest.raises(UserError, match="out of range"):
        remix(make_clip(tmp_path / "a.mp4", 5), strength=strength)


def test_what_is_painted_over_covers_the_clip(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    longer = extend(source, after_s=Fraction(1)).shape
    composition = Composition(shape=longer, conditions=remix(source, strength=Fraction(1, 2)).conditions)
    plan = pipeline.make_plan("a red ball", composition=composition)
    with pytest.raises(SizeError, match="as long as the clip"):
        next(pipeline.run(plan))
