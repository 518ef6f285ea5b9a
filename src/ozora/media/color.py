"""Colors of cameras that a common screen cannot show: HDR and wide gamuts, brought to BT.709.

PQ is SMPTE ST 2084, HLG is ARIB STD-B67, both as in ITU-R BT.2100. Diffuse white is 203 cd/m2 (ITU-R BT.2408); what is
brighter than ``_KNEE`` of it is bent toward the white of the screen (the curve is ours). Light is linear, 1 is diffuse
white. Codes of FFmpeg (ISO/IEC 23091-2) name transfers and primaries.
"""

from __future__ import annotations

import functools

import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc
from numpy.typing import NDArray

HDR = {int(ColorTrc.SMPTE2084): "PQ", int(ColorTrc.ARIB_STD_B67): "HLG"}
WIDE = {int(ColorPrimaries.BT2020): "BT.2020", int(ColorPrimaries.SMPTE432): "P3"}

_WHITE_NITS, _PEAK_NITS = 203.0, 1000.0
_KNEE = 0.6
_GAMMA = 2.4  # BT.1886
_BAND = 64  # rows at a time: bounds the memory and stays in the cache
_D65 = (0.3127, 0.3290)
_PRIMARIES = {
    "BT.709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "BT.2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "P3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}

Picture = NDArray[np.uint8]
Deep = NDArray[np.uint16]
Light = NDArray[np.float32]


def needs_sdr(transfer: int, primaries: int) -> bool:
    """Whether a picture of these codes has to be brought to a common screen."""
    return transfer in HDR or primaries in WIDE


def to_sdr(picture: Deep, transfer: int, primaries: int) -> Picture:
    """``picture`` (h w 3, 0 to 65535, R'G'B' of its own kind) as R'G'B' of BT.709, 0 to 255."""
    curve = HDR.get(transfer, "")
    matrix = _matrix(WIDE.get(primaries, "BT.2020" if curve else "BT.709"))
    to_light, to_code = _lights(curve), _codes()
    result = np.empty(picture.shape, np.uint8)
    for top in range(0, len(picture), _BAND):
        light = to_light[picture[top : top + _BAND]]
        if curve == "HLG":
            light = _show(light)
        light = np.maximum(light @ matrix.T, 0)
        if curve:
            light = _bend(light)
        result[top : top + _BAND] = to_code[(np.sqrt(np.minimum(light, 1)) * 65535).astype(np.uint16)]
    return result


def pq_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light in cd/m2 of a PQ signal from 0 to 1 (ST 2084, equation 4.1)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    return 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def hlg_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the scene, 0 to 1, of an HLG signal from 0 to 1 (BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _show(scene: Light) -> Light:
    """The light that a screen of 1000 cd/m2 makes of an HLG scene: gamma 1.2 on its brightness (BT.2100, table 5)."""
    brightness = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    return np.asarray(scene * (brightness[..., None] ** np.float32(0.2)) * np.float32(_PEAK_NITS / _WHITE_NITS))


def _bend(light: Light) -> Light:
    """What is brighter than the knee, bent so that the peak becomes 1; the largest channel decides, so hues stay."""
    largest = light.max(axis=-1, keepdims=True)
    room = 1 - _KNEE
    over = np.maximum(largest - _KNEE, 0) / room
    peak = (_PEAK_NITS / _WHITE_NITS - _KNEE) / room
    bent = np.minimum(_KNEE + room * over * (1 + over / peak**2) / (1 + over), 1)
    return np.where(largest > _KNEE, light * (bent / np.maximum(largest, _KNEE)), light).astype(np.float32)


@functools.cache
def _lights(curve: str) -> Light:
    """Light of each code of 16 bits."""
    signal = np.arange(65536) / 65535
    if curve == "PQ":
        return (pq_light(signal) / _WHITE_NITS).astype(np.float32)
    return (hlg_light(signal) if curve == "HLG" else signal**_GAMMA).astype(np.float32)


@functools.cache
def _codes() -> Picture:
    """The code of 8 bits for each square root of light, in steps of 1/65535."""
    root = np.arange(65536) / 65535
    return (root ** (2 / _GAMMA) * 255).round().astype(np.uint8)


@functools.cache
def _matrix(gamut: str) -> Light:
    """From linear R G B of ``gamut`` to those of BT.709."""
    return (np.linalg.inv(_to_xyz("BT.709")) @ _to_xyz(gamut)).astype(np.float32)


def _to_xyz(gamut: str) -> NDArray[np.float64]:
    x, y = np.array(_PRIMARIES[gamut]).T
    columns = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    white = np.array([_D65[0] / _D65[1], 1, (1 - _D65[0] - _D65[1]) / _D65[1]])
    return np.asarray(columns * np.linalg.solve(columns, white))
