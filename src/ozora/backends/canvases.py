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
from ozora.model.autoencoder import ENLARGE, SPACE, TIME
from ozora.model.engine import Engine
from ozora.model.maquette import Maquette
from ozora.model.precision import mixed
from ozora.shapes import LatentShape, VideoShape

Pixels = tuple[NDArray[np.uint8], NDArray[np.bool_] | None]
"""A picture [h, w, 3] and which of its pixels are known (``None``: all)."""


def fill(model: Maquette, shape: VideoShape, shots: Sequence[Shot], given: Sequence[Given]) -> Canvas:
    """The canvas of a clip, shot after shot. A token is known when all its pixels in all its frames are given.

    A group of which up to a third is missing is completed by the nearest given frames. A picture given alone stands for
    its whole group: a short stand-still, for which the canvas knows it.
    """
    rows, columns = shape.height // SPACE, shape.width // SPACE
    groups = sum(shot.groups for shot in shots)
    channels = model.config.autoencoder.channels
    canvas = blank(LatentShape(frames=groups, height=rows, width=columns, channels=channels))
    pictures: dict[int, Pixels] = {}
    for item in given:
        for number, picture in enumerate(item.pictures):
            pictures[item.frame + number] = (picture, None if item.known is None else item.known[number])
    alone = {item.frame for item in given if len(item.pictures) == 1}
    for shot in shots:
        for group in range(shot.groups):
            frames = _frames(shot, group)
            here = [frame for frame in frames if frame in pictures]
            if not here or (3 * len(here) < 2 * len(frames) and alone.isdisjoint(here)):
                continue
            pixels = [pictures[_nearest(frame, here)] for frame in frames]
            latent = _encode(model, [picture for picture, _ in pixels])
            known = _tokens([mask for _, mask in pixels], rows, columns)
            canvas = place(canvas, latent, shot.group + group, known=known)
    return canvas


def _frames(shot: Shot, group: int) -> list[int]:
    """Frames of the clip in a latent frame of a shot; its last one is repeated where the shot ends before the group."""
    inner = range(TIME * (group - 1) + 1, TIME * group + 1) if group else range(1)
    return [shot.first + min(frame, shot.frames - 1) for frame in inner]


def _nearest(frame: int, frames: Sequence[int]) -> int:
    return min(frames, key=lambda other: abs(other - frame))


def _encode(model: Maquette, pictures: Sequence[NDArray[np.uint8]]) -> Float[Tensor, "k 1 i j"]:
    """One latent frame, of ``TIME`` pictures or of one that stands still."""
    stack = np.stack([pictures[min(number, len(pictures) - 1)] for number in range(TIME)])
    video = torch.from_numpy(stack).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
    small = torch.nn.functional.avg_pool3d(video, (1, ENLARGE, ENLARGE))
    with torch.inference_mode(), mixed(video.device):
        latent = model.autoencoder.encode_groups(small).float()
    return model.normalize(latent[:, :, None])[0]


def encode_image(model: Maquette, picture: NDArray[np.uint8]) -> Float[Tensor, "k 1 i j"]:
    """A picture [h, w, 3] as a latent frame."""
    return _encode(model, [picture])


def _tokens(known: Sequence[NDArray[np.bool_] | None], rows: int, columns: int) -> Bool[Tensor, "1 i j"]:
    """Which tokens of a group are wholly known."""
    result = torch.ones(rows, columns, dtype=torch.bool)
    for mask in known:
        if mask is not None:
            height, width = mask.shape[0] // rows, mask.shape[1] // columns
            result &= torch.from_numpy(mask).view(rows, height, columns, width).all(dim=3).all(dim=1)
    return result[None]


def cut_out(model: Maquette, engine: Engine, canvas: Canvas, window: Window) -> Canvas:
    """The canvas of one window; where it does not open a shot, it begins with the last picture of its first group."""
    last = window.first + window.size
    part = Canvas(value=canvas.value[:, window.first : last], known=canvas.known[window.first : last])
    if window.opens:
        return part
    around = canvas.value[:, window.first - 1 : window.first + 2]
    return place(part, encode_image(model, to_frames(engine.decode(around, 1, 2))[-1]), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeChunk:
    """Latent frames of a shot that are decoded at once: from ``first`` to before ``stop`` of the canvas."""

    shot: Shot
    first: int
    stop: int

    @property
    def sees(self) -> int:
        """Before which latent frame what matters to its pictures ends."""
        return min(self.stop + 1, self.shot.group + self.shot.groups)


def decode_chunks(shots: Sequence[Shot], *, size: int, step: int) -> list[DecodeChunk]:
    """All latent frames, in order. A shot of more than ``size`` begins with a chunk that is complete
    (``DecodeChunk.sees``) when its first ``size`` are painted, and goes on with one for every ``step`` more: as windows
    are painted."""
    result = []
    for shot in shots:
        first, end = shot.group, shot.group + shot.groups
        while first < end:
            stop = first + (max(1, size - 1) if first == shot.group else step)
            stop = end if end - first <= size else stop
            result.append(DecodeChunk(shot=shot, first=first, stop=stop))
            first = stop
    return result


def decode_chunk(engine: Engine, value: Float[Tensor, "k g i j"], chunk: DecodeChunk) -> Frames:
    """The frames of a chunk; of what is beside it on the canvas, only the next latent frames of its shot matter.

    ``PaintingError`` when the numbers are not finite.
    """
    shot = chunk.shot
    own = value[:, shot.group : shot.group + shot.groups]
    first, stop = chunk.first - shot.group, chunk.stop - shot.group
    frames = to_frames(engine.decode(own, first, stop))
    if first == 0:  # the first latent frame of a shot is one picture, its last
        frames = frames[TIME - 1 :]
    before = 0 if first == 0 else 1 + TIME * (first - 1)
    return frames[: shot.frames - before]


def to_frames(pictures: Float[Tensor, "f h w 3"]) -> Frames:
    """Pictures about [-1, 1] as bytes; ``PaintingError`` when the numbers are not finite."""
    check_finite(pictures, "maquette")
    frames: Frames = (pictures.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8).numpy()
    return frames
