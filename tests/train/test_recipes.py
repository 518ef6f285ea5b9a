from __future__ import annotations

import pytest

from ozora.errors import UnknownNameError
from ozora.train.beginning import BEGIN_AUTOENCODER, BEGIN_DENOISER, Beginning
from ozora.train.lessons import LessonPhase
from ozora.train.parsing import ParserPhase
from ozora.train.recipes import RECIPES, AutoencoderPhase, DiffusionPhase, LatentPhase, find
from ozora.train.sharpening import VIEWS, Sharpening


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_fits_together(name: str) -> None:
    recipe = find(name)
    assert recipe.name == name
    assert recipe.autoencoder.channels == recipe.transformer.channels
    latent = recipe.autoencoder.compression.latent(recipe.shape)
    assert latent.tokens > 0
    shelves = {
        (stock.frames, stock.passing)
        for phase in recipe.phases.values()
        if isinstance(phase, LatentPhase)
        for stock in phase.shelves
    }
    for phase in recipe.phases.values():
        if isinstance(phase, DiffusionPhase):
            assert {(serving.frames, serving.passing) for serving in phase.servings} <= shelves
            assert phase.after in ("", BEGIN_DENOISER, *recipe.phases)
    assert set(recipe.finals) <= set(recipe.phases)
    for phase in recipe.phases.values():
        if isinstance(phase, ParserPhase):
            assert isinstance(recipe.phases[phase.lessons], LessonPhase) and phase.after in ("", *recipe.phases)
    if not recipe.denoiser:
        assert isinstance(recipe.phases[recipe.parser], ParserPhase)
        return
    sharpened = recipe.phases[recipe.decoder]
    assert isinstance(sharpened, Sharpening)
    begins = next(iter(recipe.phases.values()))
    assert isinstance(begins, Beginning if sharpened.after == BEGIN_AUTOENCODER else AutoencoderPhase)
    assert recipe.encoder in (BEGIN_AUTOENCODER, *recipe.phases)
    assert sharpened.frames >= max(VIEWS) and sharpened.clips >= 8
    assert isinstance(recipe.phases[recipe.denoiser], DiffusionPhase)


def test_gpu_phases_fit_in_a_command() -> None:
    phases = find("gpu").phases.values()
    assert all((phase.minutes or 0) < 9 for phase in phases if not isinstance(phase, Beginning | LessonPhase))


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match="tiny"):
        find("huge")
