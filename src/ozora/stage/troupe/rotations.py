"""Rigid transforms as values: a place (x, y, z) and a turn (unit quaternion x, y, z, w), for whole arrays at once.

The names are ours; the formulas are the usual ones (Shoemake 1985). All arrays may have any leading dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Index = int | slice | NDArray[np.intp] | None | tuple[slice, int | NDArray[np.intp]]
NO_TURN = np.array([0, 0, 0, 1], dtype=np.float32)
CONJUGATE = np.array([-1, -1, -1, 1], dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rigid:
    """Rigid transforms: ``places`` [..., 3] and ``turns`` [..., 4] (x, y, z, w; unit length)."""

    places: FloatArray
    turns: FloatArray

    def __getitem__(self, index: Index) -> Rigid:
        return Rigid(places=self.places[index], turns=self.turns[index])


def identity(*shape: int) -> Rigid:
    """Transforms that change nothing."""
    turns = np.zeros((*shape, 4), dtype=np.float32)
    turns[..., 3] = 1.0
    return Rigid(places=np.zeros((*shape, 3), dtype=np.float32), turns=turns)


def normalize(turns: FloatArray) -> FloatArray:
    """The same turns at unit length; a zero quaternion becomes no turn."""
    lengths = np.linalg.norm(turns, axis=-1, keepdims=True)
    safe = np.where(lengths > 1e-8, turns, NO_TURN)
    return np.asarray(safe / np.where(lengths > 1e-8, lengths, 1.0), dtype=np.float32)


def multiply(first: FloatArray, second: FloatArray) -> FloatArray:
    """Quaternion product: turn by ``second``, then by ``first``."""
    x1, y1, z1, w1 = np.moveaxis(first, -1, 0)
    x2, y2, z2, w2 = np.moveaxis(second, -1, 0)
    product = (
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
    )
    return np.stack(product, axis=-1)


def rotate(turns: FloatArray, points: FloatArray) -> FloatArray:
    """Points (or directions) turned about the origin."""
    axis, w = turns[..., :3], turns[..., 3:]
    twice = 2.0 * np.cross(axis, points)
    return np.asarray(points + w * twice + np.cross(axis, twice), dtype=np.float32)


def compose(outer: Rigid, inner: Rigid) -> Rigid:
    """First ``inner``, then ``outer``."""
    return Rigid(
        places=rotate(outer.turns, inner.places) + outer.places,
        turns=multiply(outer.turns, inner.turns),
    )


def apply(rigid: Rigid, points: FloatArray) -> FloatArray:
    """Points moved by the transforms."""
    return rotate(rigid.turns, points) + rigid.places


def invert(rigid: Rigid) -> Rigid:
    """The transforms that undo these."""
    back = rigid.turns * CONJUGATE
    return Rigid(places=-rotate(back, rigid.places), turns=back)


def blend(start: Rigid, end: Rigid, share: FloatArray | float) -> Rigid:
    """Between two transforms: ``share`` 0 is the start, 1 the end. Turns go the short way round."""
    near = np.sum(start.turns * end.turns, axis=-1, keepdims=True) < 0.0
    ends = np.where(near, -end.turns, end.turns)
    return Rigid(
        places=np.asarray(start.places + share * (end.places - start.places), dtype=np.float32),
        turns=normalize(np.asarray(start.turns + share * (ends - start.turns), dtype=np.float32)),
    )


def to_matrices(rigid: Rigid) -> FloatArray:
    """The transforms as matrices [..., 3, 4] that act on column vectors (x, y, z, 1)."""
    x, y, z, w = np.moveaxis(rigid.turns, -1, 0)
    matrices = np.empty((*rigid.turns.shape[:-1], 3, 4), dtype=np.float32)
    matrices[..., 0, 0] = 1 - 2 * (y * y + z * z)
    matrices[..., 0, 1] = 2 * (x * y - z * w)
    matrices[..., 0, 2] = 2 * (x * z + y * w)
    matrices[..., 1, 0] = 2 * (x * y + z * w)
    matrices[..., 1, 1] = 1 - 2 * (x * x + z * z)
    matrices[..., 1, 2] = 2 * (y * z - x * w)
    matrices[..., 2, 0] = 2 * (x * z - y * w)
    matrices[..., 2, 1] = 2 * (y * z + x * w)
    matrices[..., 2, 2] = 1 - 2 * (x * x + y * y)
    matrices[..., 3] = rigid.places
    return matrices
