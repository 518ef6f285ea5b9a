from __future__ import annotations

import pytest

from ozora.backends.open_models import OPEN_MODELS, OpenModel


@pytest.mark.parametrize("model", OPEN_MODELS.values(), ids=list(OPEN_MODELS))
def test_facts_fit_together(model: OpenModel) -> None:
    sides = [int(side) for size in model.sizes for side in size.split("x")]
    assert all(side % model.multiple == 0 for side in sides)
    assert (model.max_frames - 1) % model.frame_step == 0
    assert bool(model.image_repo) == bool(model.image_pipeline)
    assert model.repo.count("/") == 1


def test_diffusers_has_the_pipelines() -> None:
    diffusers = pytest.importorskip("diffusers", reason="the extra `models` is not installed")
    wanted = {name for model in OPEN_MODELS.values() for name in (model.pipeline, model.image_pipeline) if name}
    assert wanted <= set(dir(diffusers))
