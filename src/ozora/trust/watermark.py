"""An invisible watermark on every frame: a keyed pattern in the brightness that carries a number of 32 bits.

Tiled spread spectrum (ours; after Cox et al., 1997, and the tiles of Kalker's JAWS, 1999). A tile of 64 x 64 pixels
is made in the frequency domain: every frequency of a ring holds two symbols, one in its real and one in its imaginary
part. A keyed quarter of the frequencies is known (the sync), the others hold a codeword. The tile covers every frame,
more strongly where the picture is busy. To find it, what the picture itself shows is filtered away and the frames are
averaged; the spectrum of the tile at any scale is then two small matrix products, so that scales and the mirror image
can be searched, and all offsets at once by an inverse FFT of the sync.

The ring was chosen on clips of the stage: more and finer frequencies hold more symbols, but H.264 at crf 28 and a
picture of half the size drop them; coarser ones drown in the picture and begin to be seen.

Letters: ``f`` frames, ``h w`` rows and columns, ``n`` frequencies.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ozora.trust.codeword import Bits, decode, encode, make_code
from ozora.trust.keystream import draw_bits, draw_order

TILE = 64
LOWEST, HIGHEST = 5, 10  # the ring, in waves a tile: 12.8 to 6.4 pixels a wave
SYNC_SHARE = 0.25

FLAT_STRENGTH, BUSY_STRENGTH = 2.2, 3.5  # root mean square of the change, in levels of 255
PER_BUSYNESS = 0.06
MAX_STRENGTH = 2.45  # of a whole frame: 40.3 dB; with 2.5 a clip of some had 39.9

MIN_AGREEMENT = 0.6  # 600 words of noise reached 0.58
MIN_SCALE, MAX_SCALE = 0.45, 1.6
MAX_PLACES = 12
SMALLEST = 8  # pixels a side; less holds nothing of a tile, at any scale
MAX_FRAMES = 96  # more frames than this hardly help, and cost
SEARCH_SIDE = 640
READ_SIDE = 1280  # of a larger picture the middle is enough: it has more tiles than a clip of half the size

_STEP = 4
_BATCH = 16  # frames
_BUSY_REACH = 2
_CONTENT_REACH = 4  # pixels; a mean over 9 x 9 is taken for what the picture shows
_MEDIAN = 0.83  # of the root mean square, for the size of complex noise (Rayleigh)
_LIMIT = 1.2
_SOFT = 3.0  # levels: below this, a frame's residue is not amplified

Frames = NDArray[np.uint8]
Plane = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A watermark was found, with its payload.

    ``strength`` is how much of what was received is watermark, a cosine: near 1 untouched, 0.6 just found. ``scale``
    is the size of the picture by its size when it was marked, to 3 %.
    """

    payload: int
    strength: float
    scale: float
    mirrored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ring:
    """What a key decides: frequencies ``rows``, ``columns`` [n] in waves a tile, which are sync, and the code."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    is_sync: NDArray[np.bool_]
    sync: Spectrum
    code: Bits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the tiles may lie: scales, and offset from the picture's middle in pixels of the tile."""

    scale_y: float
    scale_x: float
    y: float
    x: float
    mirrored: bool
    score: float = -math.inf


def mark(frames: Frames, payload: int, key: bytes) -> Frames:
    """``frames`` [f, h, w, 3] with ``payload`` (0 to 2**32 - 1) in each, 40 dB or more from the original.

    Takes about half a millisecond a frame at 448x256. A clip of one frame, or one of less than 224x128, still carries
    it, but will not stand strong compression.
    """
    _, height, width, _ = frames.shape
    tile = _draw_tile(_make_ring(key), payload)
    rows = -(-height // _STEP) * _STEP
    pattern = np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:rows, :width]
    marked = np.empty_like(frames)
    for first in range(0, len(frames), _BATCH):
        batch = slice(first, first + _BATCH)
        for index, strength in enumerate(_strengths(frames[batch]), start=first):
            _mark_frame(frames[index], pattern, strength, marked[index])
    return marked


def detect(frames: Frames, key: bytes) -> Detection | None:
    """The watermark of ``key`` in ``frames`` [f, h, w, 3], at 0.45 to 1.6 times the size, cropped or mirrored.

    About a quarter of a second at 224x128 when there is none, less when there is. False alarms need a CRC-16 and an
    agreement that noise does not reach, at each of a dozen places; not one was seen, but a thousand clips were not
    tried yet (145 were).
    """
    if min(frames.shape[1:3]) < SMALLEST:
        return None
    ring = _make_ring(key)
    plane = _average(_middle(frames, READ_SIDE))
    for place in _search(plane, ring):
        found = _read(plane, ring, place) or _read(plane, ring, _refine(plane, ring, place))
        if found is not None:
            return found
    return None


@functools.lru_cache(maxsize=16)
def _make_ring(key: bytes) -> _Ring:
    rows, columns = np.mgrid[-HIGHEST : HIGHEST + 1, 0 : HIGHEST + 1]
    radius = np.hypot(rows, columns)
    inside = (radius >= LOWEST) & (radius <= HIGHEST) & ((columns > 0) | (rows > 0))
    near_first = np.argsort(radius[inside], kind="stable")
    rows, columns = rows[inside][near_first], columns[inside][near_first]
    num_sync = round(len(rows) * SYNC_SHARE)
    is_sync = np.zeros(len(rows), np.bool_)
    is_sync[draw_order(key, "sync places", len(rows))[:num_sync]] = True
    return _Ring(
        rows=rows,
        columns=columns,
        is_sync=is_sync,
        sync=_pair(1 - 2 * draw_bits(key, "sync", 2 * num_sync).astype(np.float32)),
        code=make_code(key, 2 * (len(rows) - num_sync)),
    )


def _pair(symbols: Plane) -> Spectrum:
    """The first half as real, the second as imaginary parts."""
    real, imaginary = symbols.reshape(2, -1)
    return (real + 1j * imaginary).astype(np.complex64)


def _draw_tile(ring: _Ring, payload: int) -> Plane:
    """The tile [64, 64] of a payload, its mean square 1."""
    values = np.zeros(len(ring.rows), np.complex64)
    values[ring.is_sync] = ring.sync
    values[~ring.is_sync] = _pair(encode(payload, ring.code))
    tile = np.fft.ifft2(_grid(values, ring.rows, ring.columns)).real
    unit: Plane = (tile / tile.std()).astype(np.float32)
    return unit


def _grid(values: Spectrum, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Spectrum:
    grid = np.zeros((TILE, TILE), np.complex64)
    grid[rows, columns] = values
    return grid


def _strengths(frames: Frames) -> Plane:
    """How strongly to mark each pixel, on every fourth pixel of every fourth row [f, h / 4, w / 4]."""
    red, green, blue = (frames[:, ::_STEP, ::_STEP, color] for color in range(3))
    luma = red * np.float32(0.3) + green * np.float32(0.59) + blue * np.float32(0.11)
    busyness = _blur(np.abs(luma - _blur(luma, _BUSY_REACH)), _BUSY_REACH)
    strength = np.minimum(FLAT_STRENGTH + PER_BUSYNESS * busyness, BUSY_STRENGTH)
    power = np.sqrt(np.mean(strength**2, axis=(1, 2), keepdims=True))
    strengths: Plane = (strength * np.minimum(1, MAX_STRENGTH / power)).astype(np.float32)
    return strengths


def _mark_frame(frame: Frames, pattern: Plane, strength: Plane, marked: Frames) -> None:
    """Write ``frame`` [h, w, 3] with ``pattern`` [h up to a multiple of 4, w] into ``marked``."""
    height, width, _ = frame.shape
    across = np.repeat(strength, _STEP, axis=1)[:, None, :width]
    change = np.rint(pattern.reshape(-1, _STEP, width) * across).astype(np.int8).reshape(-1, width)[:height]
    colors = np.empty(frame.shape, np.int8)
    for color in range(3):  # three times quicker than a broadcast along the last axis
        colors[..., color] = change
    changed = np.add(frame, colors, dtype=np.int16)
    marked[...] = np.clip(changed, 0, 255, out=changed)


def _luma(frame: Frames) -> Plane:
    """Brightness [h, w], around 0."""
    return np.asarray(Image.fromarray(frame).convert("L")).astype(np.float32) - np.float32(128)


def _blur(planes: Plane, reach: int) -> Plane:
    """The mean of the square of ``2 reach + 1`` pixels around every pixel of [..., h, w]; edges are repeated."""
    size, (height, width) = 2 * reach + 1, planes.shape[-2:]
    wide = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(reach, reach)] * 2, mode="edge")
    rows = wide[..., :height, :].copy()
    for shift in range(1, size):  # quicker than running sums, which no processor adds up side by side
        rows += wide[..., shift : shift + height, :]
    sums = rows[..., :width].copy()
    for shift in range(1, size):
        sums += rows[..., shift : shift + width]
    sums /= np.float32(size * size)
    return sums


def _average(frames: Frames) -> Plane:
    """What the frames have in common beside their content, evened out over the picture [h, w]."""
    count = min(len(frames), MAX_FRAMES)
    total = np.zeros(frames.shape[1:3], np.float32)
    for index in np.linspace(0, len(frames) - 1, count).round().astype(int):
        luma = _luma(frames[index])
        total += _even_out(luma - _blur(luma, _CONTENT_REACH), _SOFT)
    return _even_out(total / np.float32(count), 1e-3)


def _even_out(residue: Plane, soft: float) -> Plane:
    return residue / (_blur(np.abs(residue), _CONTENT_REACH) + np.float32(soft))


def _search(plane: Plane, ring: _Ring) -> Iterator[_Place]:
    """Places by promise: those at the size that the frames have, then the best of all scales."""
    middle = np.ascontiguousarray(_middle(plane[None], SEARCH_SIDE)[0])
    yield from _match(middle, ring, 1.0)
    step = 2.0 / max(middle.shape)  # of 1 / scale: the tiles at the picture's edge are half a pixel off at most
    scales = (1 / np.arange(1 / MAX_SCALE, 1 / MIN_SCALE, step)).tolist()
    found = [place for scale in scales for place in _match(middle, ring, scale)]
    yield from sorted(found, key=lambda place: -place.score)[:MAX_PLACES]


def _middle(pictures: NDArray[Any], side: int) -> NDArray[Any]:
    """At most ``side`` x ``side`` pixels around the middle of [f, h, w, ...]."""
    height, width = pictures.shape[1:3]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return pictures[:, top : height - top, left : width - left]


def _match(plane: Plane, ring: _Ring, scale: float) -> list[_Place]:
    """The best offset at ``scale`` for the picture as it is and for its mirror image."""
    places: list[_Place] = []
    spectrum = _transform(plane, scale, scale)
    for mirrored in (False, True):
        sync = _whiten(_pick(spectrum, ring, mirrored))[ring.is_sync] * np.conj(ring.sync)
        match = np.fft.ifft2(_grid(sync, ring.rows[ring.is_sync], ring.columns[ring.is_sync])).real
        y, x = divmod(int(np.argmax(match)), TILE)
        score = float(match[y, x]) * TILE**2 / max(float(np.linalg.norm(sync)), 1e-30)
        places.append(_Place(scale_y=scale, scale_x=scale, y=y, x=x, mirrored=mirrored, score=score))
    return places


def _transform(plane: Plane, scale_y: float, scale_x: float) -> Spectrum:
    """The Fourier coefficients [rows, columns] of ``plane`` at the ring's frequencies, tiles being ``scale`` large."""
    height, width = plane.shape
    right = _waves(width, TILE * scale_x, np.arange(HIGHEST + 1))
    down = _waves(height, TILE * scale_y, np.arange(-HIGHEST, HIGHEST + 1))
    across = np.concatenate([right.real, right.imag]) @ plane.T  # real numbers: half the work
    spectrum: Spectrum = down @ (across[: HIGHEST + 1] + 1j * across[HIGHEST + 1 :]).T
    return spectrum


def _waves(length: int, period: float, numbers: NDArray[np.int64]) -> Spectrum:
    """Waves [n, length] around the middle, ``numbers`` of them in each ``period``."""
    slowest = np.exp(-2j * np.pi / period * (np.arange(length) - length / 2))
    powers = np.ones((HIGHEST + 1, length), np.complex64)
    powers[1:] = np.cumprod(np.broadcast_to(slowest, (HIGHEST, length)), axis=0)  # ten times quicker than exp of each
    waves: Spectrum = np.where(numbers[:, None] < 0, np.conj(powers[abs(numbers)]), powers[abs(numbers)])
    return waves


def _pick(spectrum: Spectrum, ring: _Ring, mirrored: bool) -> Spectrum:
    """The ring's coefficients [n]; those of the mirror image are the conjugates of (-row, column)."""
    if mirrored:
        return np.conj(spectrum[HIGHEST - ring.rows, ring.columns])
    return spectrum[HIGHEST + ring.rows, ring.columns]


def _whiten(values: Spectrum, reach: int = 12) -> Spectrum:
    """``values`` [n] by the noise power around each radius, the weights of a matched filter; and those that stand out
    are limited, because they come from the picture. The limit found 15 of 16 hard clips, without it 13.
    """
    size = np.abs(values)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(size, reach, mode="reflect"), 2 * reach + 1)
    median = np.partition(around, reach, axis=1)[:, reach]
    noise = np.maximum(median / _MEDIAN, 1e-6)
    limit = np.minimum(1, _LIMIT * noise / np.maximum(size, 1e-9))
    weighted: Spectrum = (values * (limit / noise**2)).astype(np.complex64)
    return weighted


def _refine(plane: Plane, ring: _Ring, place: _Place) -> _Place:
    """``place`` moved, in ever smaller steps, to where the sync is strongest."""
    height, width = plane.shape
    values = _coefficients(plane, ring, place)
    best = _rate(values, ring, place)
    for step in (0.5, 0.25, 0.125):  # pixels, at the picture's edge for the scales
        for scale_y, scale_x in _around(best.scale_y, best.scale_x, 2 * step / height, 2 * step / width):
            trial = replace(best, scale_y=scale_y, scale_x=scale_x)
            trial_values = _coefficients(plane, ring, trial)
            rated = _rate(trial_values, ring, trial)
            if rated.score > best.score:
                best, values = rated, trial_values
        for y, x in _around(best.y, best.x, step, step):
            rated = _rate(values, ring, replace(best, y=y, x=x))
            best = rated if rated.score > best.score else best
    return best


def _around(y: float, x: float, step_y: float, step_x: float) -> list[tuple[float, float]]:
    """The eight neighbors."""
    steps = itertools.product((-1, 0, 1), (-1, 0, 1))
    return [(y + down * step_y, x + right * step_x) for down, right in steps if down or right]


def _coefficients(plane: Plane, ring: _Ring, place: _Place) -> Spectrum:
    return _whiten(_pick(_transform(plane, place.scale_y, place.scale_x), ring, place.mirrored))


def _turn(values: Spectrum, ring: _Ring, place: _Place) -> Spectrum:
    """``values`` as they would be with a tile's corner in the middle of the picture."""
    turns = np.exp(2j * np.pi / TILE * (ring.rows * place.y + ring.columns * place.x))
    return (values * turns).astype(np.complex64)


def _rate(values: Spectrum, ring: _Ring, place: _Place) -> _Place:
    sync = _turn(values, ring, place)[ring.is_sync] * np.conj(ring.sync)
    return replace(place, score=float(sync.real.sum()) / max(float(np.linalg.norm(sync)), 1e-30))


def _read(plane: Plane, ring: _Ring, place: _Place) -> Detection | None:
    values = _turn(_coefficients(plane, ring, place), ring, place)[~ring.is_sync]
    reading = decode(np.concatenate([values.real, values.imag]), ring.code)
    if not reading.intact or reading.agreement < MIN_AGREEMENT:
        return None
    return Detection(
        payload=reading.payload,
        strength=reading.agreement,
        scale=math.sqrt(place.scale_y * place.scale_x),
        mirrored=place.mirrored,
    )
