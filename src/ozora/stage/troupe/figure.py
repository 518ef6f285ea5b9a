"""A member of the troupe at run time: one skinned mesh, one stack of pictures, and clips of bone poses.

Model space: meters, y up, right-handed; at rest a member faces +x and its lowest point stands at y = 0.
A building or tree is a member with one bone that never moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ozora.errors import UnknownNameError
from ozora.stage.troupe.animations import sample_poses
from ozora.stage.troupe.rotations import FloatArray, Rigid, compose, invert, to_matrices

MAX_BONES = 256
REST = "rest"
"""The clip name of the bind pose: every member has it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """One movement. ``poses`` [frames, bones], evenly spread over ``duration_s``; ``visible`` [bones]: whose vertices
    show.

    ``stride_m`` is how far one cycle carries the member over the ground (0: it stays in place): to walk without
    sliding, play ``stride_m / duration_s`` meters a second, or scale the time.
    """

    duration_s: float
    loops: bool
    stride_m: float
    poses: Rigid
    visible: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One figure. ``positions``, ``normals`` [v, 3]; ``uvs`` [v, 2] (v down, repeating); ``layers`` [v] picture of
    each vertex; ``bones`` uint8 [v, 4] and ``weights`` [v, 4] (sum 1); ``triangles`` uint32 [t, 3], counter-clockwise
    from outside; ``bind`` [bones]; ``pictures`` uint8 [layers, h, w, 4]; ``height_m`` at the start of the first clip.

    Alpha below one half is a hole, but in the layers that are ``dyed`` [layers] it is how little the dye shows: there
    the color is multiplied by ``dye`` (RGB), or by any other color that is wanted. ``dye_share`` of the surface takes
    the dye.
    """

    name: str
    noun: str
    family: str
    traits: tuple[str, ...]
    height_m: float
    positions: FloatArray
    normals: FloatArray
    uvs: FloatArray
    layers: NDArray[np.uint8]
    bones: NDArray[np.uint8]
    weights: FloatArray
    triangles: NDArray[np.uint32]
    bind: Rigid
    pictures: NDArray[np.uint8]
    dyed: NDArray[np.bool_]
    dye: tuple[float, float, float]
    dye_share: float
    clips: Mapping[str, Clip]

    @property
    def num_bones(self) -> int:
        return len(self.bind.places)

    @cached_property
    def unbind(self) -> Rigid:
        """Model space at rest -> each bone's own space."""
        return invert(self.bind)


def find_clip(member: Member, name: str) -> Clip:
    """A clip by name. Raises UnknownNameError with those that exist."""
    try:
        return member.clips[name]
    except KeyError as error:
        known = ", ".join(sorted(member.clips))
        raise UnknownNameError(f"The {member.name} has no clip {name!r}; it has {known}.") from error


def pose_frames(member: Member, clip: str, times_s: NDArray[np.float64]) -> FloatArray:
    """Skinning matrices [frames, bones, 3, 4] at the given seconds: rest position -> posed position.

    A looping clip repeats for ever; any other holds its first and last pose. Hidden bones get a matrix of zeros.
    """
    if clip == REST:
        still = np.zeros((3, 4), dtype=np.float32)
        still[:, :3] = np.eye(3)
        return np.broadcast_to(still, (len(times_s), member.num_bones, 3, 4)).copy()
    found = find_clip(member, clip)
    poses = sample_poses(found.poses, np.asarray(times_s, dtype=np.float64) / found.duration_s, loops=found.loops)
    matrices = to_matrices(compose(poses, member.unbind))
    matrices[:, ~found.visible] = 0.0
    return matrices


def pose(member: Member, clip: str, time_s: float) -> FloatArray:
    """Skinning matrices [bones, 3, 4] at one time; see ``pose_frames``."""
    return np.asarray(pose_frames(member, clip, np.array([time_s]))[0])


def skin(member: Member, matrices: FloatArray) -> FloatArray:
    """Positions [v, 3] of all vertices under skinning matrices [bones, 3, 4]: what the vertex shader does."""
    blended = np.einsum("vk,vkij->vij", member.weights, matrices[member.bones])
    points = np.concatenate([member.positions, np.ones((len(member.positions), 1), np.float32)], axis=1)
    return np.asarray(np.einsum("vij,vj->vi", blended, points), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appearance:
    """One member in one clip. ``bones`` [f, b, 3, 4]: rest position -> world, at each frame; ``thing`` is its number,
    ``dye`` (RGB) the color of what takes one."""

    member: Member
    thing: int
    bones: FloatArray
    dye: tuple[float, float, float]


def appear(
    member: Member,
    clip: str,
    times_s: NDArray[np.float64],
    placements: NDArray[np.floating],
    *,
    thing: int = 1,
    dye: tuple[float, float, float] | None = None,
) -> Appearance:
    """The member in a clip at ``times_s`` [f], placed by model matrices [f, 3, 4] (uniform scale only).

    ``dye`` replaces the member's own.
    """
    skinning = pose_frames(member, clip, times_s)
    place = np.asarray(placements, dtype=np.float32)[:, None]
    bones = place[..., :3] @ skinning
    shown = np.abs(skinning).sum(axis=(2, 3)) > 0
    bones[..., 3] += place[..., 3] * shown[..., None]
    return Appearance(member=member, thing=thing, bones=bones, dye=dye or member.dye)
