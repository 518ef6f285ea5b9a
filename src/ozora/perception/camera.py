"""Camera motion: how the background of a clip moves, and where the picture is cut.

Between two pictures the background is moved and scaled as one; the motion is found by least squares on gray levels
(Lucas and Kanade 1981), first at a quarter of the size and then finer, with pixels of things left out and pixels that
do not fit weighted down (Huber 1964).

Letters: ``f`` frames, ``p`` pairs of neighboring frames, ``h w`` rows and columns. Shifts are fractions of the
picture's width and height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

FloatArray = NDArray[np.float64]
LEVELS = (4, 2, 1)
TURNS = 4
"""Steps of the least squares at each level."""
STIFF = 1.0
"""How much evidence a motion needs."""
DOUBT = 0.01
"""Gray levels, 0 to 1: what fits worse counts less."""
MOST_MISFIT = 0.05
"""What fits worse than so many gray levels does not count where a motion is compared with none."""
CUT_CHANGE, CUT_RATIO = 0.045, 2.5
"""The mean change of gray, 0 to 1, into the first frame of a shot, and how many times the usual change it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMotion:
    """The motion of the background since the first frame of each shot. A point at ``x y`` in that frame is at
    ``scale * x + dx``, ``scale * y + dy`` in frame [f], measured from the middle of the picture; ``shot`` [f] is the
    number of the shot."""

    dx: FloatArray
    dy: FloatArray
    scale: FloatArray
    shot: NDArray[np.int64]

    @staticmethod
    def still(frames: int) -> CameraMotion:
        """A camera that does not move for ``frames`` frames."""
        nothing = np.zeros(frames)
        return CameraMotion(dx=nothing, dy=nothing, scale=np.ones(frames), shot=np.zeros(frames, np.int64))


def find_camera_motion(gray: NDArray[np.float32], background: NDArray[np.bool_]) -> CameraMotion:
    """The camera of a clip ``gray`` [f, h, w] in 0..1, where ``background`` [f, h, w] shows no thing; about 2 ms a
    frame. Made for four pictures a second: smaller steps of a slow camera are taken for none."""
    shot = find_shots(gray)
    steps = np.zeros((len(gray), 3))
    if len(gray) > 1:
        steps[1:] = _between(torch.from_numpy(gray), torch.from_numpy(background)).double().numpy()
    dx, dy, scale = np.zeros(len(gray)), np.zeros(len(gray)), np.ones(len(gray))
    for i in range(1, len(gray)):
        if shot[i] == shot[i - 1]:
            x, y, growth = steps[i]
            scale[i] = (1 + growth) * scale[i - 1]
            dx[i], dy[i] = (1 + growth) * dx[i - 1] + x, (1 + growth) * dy[i - 1] + y
    return CameraMotion(dx=dx, dy=dy, scale=scale, shot=shot)


def find_shots(gray: NDArray[np.float32]) -> NDArray[np.int64]:
    """The number of the shot that each frame is in."""
    change = np.abs(np.diff(gray, axis=0)).mean((1, 2))
    cut = np.zeros(len(gray), bool)
    for i, value in enumerate(change):
        around = np.concatenate([change[max(i - 4, 0) : i], change[i + 1 : i + 5]])
        usual = float(np.median(around)) if len(around) else 0.0
        cut[i + 1] = value > CUT_CHANGE and value > CUT_RATIO * usual
    return np.cumsum(cut)


@torch.inference_mode()
def _between(gray: Float[Tensor, "f h w"], background: Tensor) -> Float[Tensor, "p 3"]:
    """Shift x, shift y and growth from each picture to the next."""
    things = F.max_pool2d((~background).float()[:, None], 5, 1, 2)
    seen = 1 - torch.maximum(things[:-1], things[1:])
    found = torch.zeros(len(gray) - 1, 3)
    for level in LEVELS:
        first, second = (F.avg_pool2d(part[:, None], level) for part in (gray[:-1], gray[1:]))
        found = _fit(first, second, (F.avg_pool2d(seen, level) > 0.99).float(), found)
    still = torch.zeros_like(found)
    coarse, open_ground = F.avg_pool2d(gray[:, None], 2)[:, 0], (F.avg_pool2d(seen, 2) > 0.99).float()
    moves = _misfit(coarse, open_ground, found).sum() < _misfit(coarse, open_ground, still).sum()
    return found if moves else still


def _misfit(gray: Float[Tensor, "f h w"], seen: Float[Tensor, "p 1 h w"], found: Tensor) -> Float[Tensor, "p"]:
    """How badly each picture, moved, is the next one, where the background is seen in both."""
    moved, inside = _moved(gray[1:, None], found)
    error = (moved - gray[:-1, None]).abs().clamp_max(MOST_MISFIT) * inside * seen
    return error.sum((1, 2, 3)) / (inside * seen).sum((1, 2, 3)).clamp_min(1.0)


def _moved(second: Float[Tensor, "p 1 h w"], found: Tensor) -> tuple[Tensor, Tensor]:
    """The second picture of each pair as it was at the first, and where that lies inside of it."""
    h, w = second.shape[-2:]
    y = ((torch.arange(h) + 0.5) / h - 0.5)[:, None].expand(h, w)
    x = ((torch.arange(w) + 0.5) / w - 0.5)[None, :].expand(h, w)
    dx, dy, growth = (value[:, None, None] for value in found.unbind(1))
    at = torch.stack([x * (1 + growth) + dx, y * (1 + growth) + dy], -1)
    moved = F.grid_sample(second, 2 * at, mode="bilinear", align_corners=False, padding_mode="border")
    return moved, (at.abs() < 0.5).all(-1)[:, None].float()


def _fit(
    first: Float[Tensor, "p 1 h w"], second: Float[Tensor, "p 1 h w"], seen: Float[Tensor, "p 1 h w"], found: Tensor
) -> Float[Tensor, "p 3"]:
    """Gauss-Newton from ``found`` [p, 3] on."""
    _, _, h, w = first.shape
    y = ((torch.arange(h) + 0.5) / h - 0.5)[:, None].expand(h, w)
    x = ((torch.arange(w) + 0.5) / w - 0.5)[None, :].expand(h, w)
    slope_x = w * (first[..., 2:] - first[..., :-2])[..., 1:-1, :] / 2
    slope_y = h * (first[:, :, 2:] - first[:, :, :-2])[..., 1:-1] / 2
    inner = (slice(1, h - 1), slice(1, w - 1))
    parts = torch.cat([slope_x, slope_y, slope_x * x[inner] + slope_y * y[inner]], 1).flatten(2)
    for _ in range(TURNS):
        moved, inside = _moved(second, found)
        inside = (inside * seen)[:, :, 1:-1, 1:-1].flatten(1)
        error = (moved - first)[:, :, 1:-1, 1:-1].flatten(1)
        weight = inside * DOUBT / error.abs().clamp_min(DOUBT)
        weighted = parts * weight[:, None]
        matrix = weighted @ parts.transpose(1, 2) + STIFF * torch.eye(3)
        found = found - torch.linalg.solve(matrix, (weighted @ error[..., None]))[..., 0]
    return found
