from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from ozora.language import vocabulary
from ozora.stage.places import FOG_DENSITY, PLACES, TIMES


def test_every_word_has_its_look_and_every_look_its_word() -> None:
    assert set(PLACES) == set(vocabulary.PLACES)
    assert set(TIMES) == set(vocabulary.TIMES)
    assert set(FOG_DENSITY) == set(vocabulary.WEATHERS)


def test_styles_are_told_apart() -> None:
    assert sorted(place.style for place in PLACES.values()) == list(range(len(PLACES)))
    assert len({place.ground for place in PLACES.values()}) == len(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_colors_are_colors(name: str) -> None:
    place = PLACES[name]
    assert all(0 <= value <= 1 for color in (place.ground, place.ground_accent, place.far) for value in color)


@pytest.mark.parametrize("name", TIMES)
def test_the_sun_or_moon_is_up(name: str) -> None:
    daylight = TIMES[name]
    direction = np.array(daylight.sun) / np.linalg.norm(daylight.sun)
    assert direction[1] > 0.3, "lower, and shadows leave the map"
    assert all(0 <= value <= 1.1 for value in np.array(astuple(daylight)[1:5]).ravel())


def test_the_night_is_dark_and_has_stars() -> None:
    assert [name for name, daylight in TIMES.items() if daylight.stars] == ["night"]
    brightness = {name: sum(daylight.sun_color) + sum(daylight.horizon) for name, daylight in TIMES.items()}
    assert min(brightness, key=lambda name: brightness[name]) == "night"


def test_fog_is_thickest_in_fog_and_thinnest_in_clear_weather() -> None:
    assert min(FOG_DENSITY, key=lambda name: FOG_DENSITY[name]) == "clear"
    assert max(FOG_DENSITY, key=lambda name: FOG_DENSITY[name]) == "fog"
