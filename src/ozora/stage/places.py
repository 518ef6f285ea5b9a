"""Places, times of day and weather: the colors and the scenery around the things.

Colors are linear-light RGB in 0..1 before the shader's tone curve. ``style`` picks the ground and horizon pattern of
``shaders/sky.glsl``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ozora.language.vocabulary import RGB


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Ground colors and the far scenery of one place."""

    style: int
    ground: RGB
    ground_accent: RGB
    far: RGB
    indoors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """Sun direction (toward the sun), its color, and the sky's colors at one time of day."""

    sun: tuple[float, float, float]
    sun_color: RGB
    ambient: RGB
    zenith: RGB
    horizon: RGB
    stars: float = 0.0


PLACES: dict[str, Place] = {
    "meadow": Place(style=0, ground=(0.36, 0.56, 0.20), ground_accent=(0.50, 0.66, 0.26), far=(0.30, 0.48, 0.33)),
    "desert": Place(style=1, ground=(0.82, 0.62, 0.37), ground_accent=(0.90, 0.72, 0.47), far=(0.78, 0.52, 0.34)),
    "snow": Place(style=2, ground=(0.85, 0.89, 0.95), ground_accent=(0.95, 0.97, 1.0), far=(0.62, 0.71, 0.84)),
    "city street": Place(style=3, ground=(0.36, 0.37, 0.40), ground_accent=(0.60, 0.59, 0.57), far=(0.46, 0.48, 0.56)),
    "room": Place(
        style=4, ground=(0.60, 0.40, 0.24), ground_accent=(0.70, 0.49, 0.30), far=(0.80, 0.76, 0.66), indoors=True
    ),
    "sea": Place(style=5, ground=(0.10, 0.34, 0.50), ground_accent=(0.24, 0.54, 0.66), far=(0.32, 0.50, 0.62)),
}

TIMES: dict[str, Daylight] = {
    "morning": Daylight(
        sun=(0.75, 0.62, 0.35),
        sun_color=(1.02, 0.88, 0.70),
        ambient=(0.44, 0.47, 0.53),
        zenith=(0.50, 0.68, 0.90),
        horizon=(0.98, 0.88, 0.76),
    ),
    "day": Daylight(
        sun=(-0.45, 1.0, 0.55),
        sun_color=(1.0, 0.97, 0.90),
        ambient=(0.44, 0.48, 0.55),
        zenith=(0.28, 0.54, 0.90),
        horizon=(0.76, 0.88, 0.98),
    ),
    "sunset": Daylight(
        sun=(-0.80, 0.42, 0.30),
        sun_color=(1.08, 0.72, 0.46),
        ambient=(0.46, 0.41, 0.48),
        zenith=(0.36, 0.32, 0.60),
        horizon=(1.0, 0.58, 0.30),
    ),
    "night": Daylight(
        sun=(0.50, 0.85, 0.45),
        sun_color=(0.56, 0.62, 0.82),
        ambient=(0.34, 0.37, 0.50),
        zenith=(0.03, 0.05, 0.16),
        horizon=(0.14, 0.19, 0.38),
        stars=1.0,
    ),
}

FOG_DENSITY = {"clear": 0.010, "rain": 0.030, "snowfall": 0.030, "fog": 0.115}
"""Share of light lost a meter."""
