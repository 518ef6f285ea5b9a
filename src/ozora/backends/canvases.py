"""Between pictures and the canvas: what is given, encoded; what is painted, decoded; shot by shot.

Letters: ``k`` channels, ``g`` latent frames, ``i j`` token rows and columns; ``f`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from ozora.backends.base import Frames
from ozora.backends.finite import check_finite
from ozora.edit.given import Given
from ozora.flow.canvas import Canvas, blank, place
from ozora.flow.windows import Shot, Window
from ozora.model.maquette import Maquette
from ozora.model.precision import mixed
from ozora.shapes import LatentShape, VideoShape

UPSCALED = 7
"""Pictures that pass the upscaler at once: what they need stays in the processor's cache."""

Pixels = tuple[NDArray[np.uint8], NDArray[np.bool_] | None]
"""A picture [h, w, 3] and which of its pixels are known (``None``: all)."""


def fill(model: Maquette, shape: VideoShape, shots: Sequence[Shot], given: Sequence[Given]) -> Canvas:
    """The canvas of a clip, shot after shot. A token is known when all its pixels in all its frames are given.

    A group of which up to a third is missing is completed by the nearest given frames. A picture given alone stands for
    its whole group: a short stand-still, for which the canvas knows it.
    """
    config = model.config.autoencoder
    rows, columns = shape.height // config.space, shape.width // config.space
    groups = sum(shot.groups for shot in shots)
    canvas = blank(LatentShape(frames=groups, height=rows, width=columns, channels=config.channels))
    pictures: dict[int, Pixels] = {}
    for item in given:
        for number, picture in enumerate(item.pictures):
            pictures[item.frame + number] = (picture, None if item.known is None else item.known[number])
    alone = {item.frame for item in given if len(item.pictures) == 1}
    for shot in shots:
        for group in range(shot.groups):
            frames = _frames(shot, group, config.time)
            here = [frame for frame in frames if frame in pictures]
            if not here or (3 * len(here) < 2 * len(frames) and alone.isdisjoint(here)):
                continue
            pixels = [pictures[_nearest(frame, here)] for frame in frames]
            latent = _encode(model, [picture for picture, _ in pixels], opens=group == 0)
            known = _tokens([mask for _, mask in pixels], rows, columns)
            canvas = place(canvas, latent, shot.group + group, known=known)
    return canvas


def _frames(shot: Shot, group: int, time: int) -> list[int]:
    """Frames of the clip in a latent frame of a shot; its last one is repeated where the shot ends before the group."""
    inner = range(time * (group - 1) + 1, time * group + 1) if group else range(1)
    return [shot.first + min(frame, shot.frames - 1) for frame in inner]


def _nearest(frame: int, frames: Sequence[int]) -> int:
    return min(frames, key=lambda other: abs(other - frame))


def _encode(model: Maquette, pictures: list[NDArray[np.uint8]], *, opens: bool) -> Float[Tensor, "k 1 i j"]:
    """One latent frame: of a single picture, or of a group after a picture that does not matter."""
    stack = np.stack(pictures if opens else [pictures[0], *pictures])
    video = torch.from_numpy(stack).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
    return model.normalize(model.autoencoder.encode(video))[0, :, -1:]


def look(model: Maquette, picture: NDArray[np.uint8]) -> Float[Tensor, "k 1 i j"]:
    """A picture [h, w, 3] as a latent frame."""
    return _encode(model, [picture], opens=True)


def _tokens(known: Sequence[NDArray[np.bool_] | None], rows: int, columns: int) -> Bool[Tensor, "1 i j"]:
    """Which tokens of a group are wholly known."""
    result = torch.ones(rows, columns, dtype=torch.bool)
    for mask in known:
        if mask is not None:
            height, width = mask.shape[0] // rows, mask.shape[1] // columns
            result &= torch.from_numpy(mask).view(rows, height, columns, width).all(dim=3).all(dim=1)
    return result[None]


def cut_out(model: Maquette, canvas: Canvas, window: Window) -> Canvas:
    """The canvas of one window; where it does not open a shot, it begins with the last picture of its first group."""
    last = window.first + window.size
    part = Canvas(value=canvas.value[:, window.first : last], known=canvas.known[window.first : last])
    if window.opens:
        return part
    around = canvas.value[None, :, window.first - 1 : window.first + 2]
    with mixed(around.device):
        pictures = model.autoencoder.decode(model.denormalize(around), opens=False)
    picture = pictures[:, :, model.config.autoencoder.time].float().clamp(-1, 1)[:, :, None]
    return place(part, model.normalize(model.autoencoder.encode(picture))[0], 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Latent frames of a shot that are developed at once: from ``first`` to before ``stop`` of the canvas."""

    shot: Shot
    first: int
    stop: int

    @property
    def sees(self) -> int:
        """Before which latent frame what matters to its pictures ends."""
        return min(self.stop + 1, self.shot.group + self.shot.groups)


def strips(shots: Sequence[Shot], *, size: int, step: int) -> list[Strip]:
    """All latent frames, in order. A shot of more than ``size`` begins with a strip that is complete (``Strip.sees``)
    when its first ``size`` are painted, and goes on with one for every ``step`` more: as windows are painted."""
    result = []
    for shot in shots:
        first, end = shot.group, shot.group + shot.groups
        while first < end:
            stop = first + (max(1, size - 1) if first == shot.group else step)
            stop = end if end - first <= size else stop
            result.append(Strip(shot=shot, first=first, stop=stop))
            first = stop
    return result


def develop(
    model: Maquette, value: Float[Tensor, "k g i j"], shots: Sequence[Shot], *, size: int, large: bool
) -> Frames:
    """The frames of a painted canvas, ``size`` latent frames at a time; ``large`` ones pass the upscaler."""
    parts = strips(shots, size=size, step=size)
    return np.concatenate([develop_strip(model, value, strip, large=large) for strip in parts])


def develop_strip(model: Maquette, value: Float[Tensor, "k g i j"], strip: Strip, *, large: bool) -> Frames:
    """The frames of a strip; of what is after it on the canvas, the next latent frame of its shot matters to them.

    ``PaintingError`` when the numbers are not finite.
    """
    shot, opens, time = strip.shot, strip.first == strip.shot.group, model.config.autoencoder.time
    first, stop = strip.first - (0 if opens else 1), strip.sees  # one before it gives a picture that is there
    with mixed(value.device):
        latent = model.denormalize(value[None, :, first:stop])
        pixels = model.autoencoder.decode(latent, opens=first == shot.group)[0, :, 0 if opens else 1 :]
    pixels = pixels[:, : pixels.shape[1] - time * (stop - strip.stop)]
    check_finite(pixels, "maquette")
    pictures = pixels.float().clamp(-1, 1).transpose(0, 1)
    frames = np.concatenate([_pictures(model, part, large) for part in torch.split(pictures, UPSCALED)])
    before = 0 if opens else 1 + time * (strip.first - shot.group - 1)
    return frames[: shot.frames - before]


def _pictures(model: Maquette, pixels: Float[Tensor, "f 3 h w"], large: bool) -> Frames:
    if large:
        assert model.upscaler is not None
        with mixed(pixels.device):
            pixels = model.upscaler(pixels)
        check_finite(pixels, "maquette")
        pixels = pixels.float().clamp(-1, 1)
    frames: Frames = (pixels * 127.5 + 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return frames
