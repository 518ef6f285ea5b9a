"""PSA, the skeletal animation format of Pyrogenesis: bytes -> ``Animation``.

Little endian: ``PSSA``, version 1, payload size, name, milliseconds per frame, bones, frames, then per frame and bone
a place and a turn in model space (not relative to the parent bone). Source: the engine's
``graphics/SkeletonAnimDef.cpp``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ozora.stage.troupe.cursor import open_cursor
from ozora.stage.troupe.rotations import Rigid, blend, normalize

MAX_BONES = 254
MAX_FRAMES = 4096

_PLACE_AND_TURN = np.dtype([("place", "<f4", 3), ("turn", "<f4", 4)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Animation:
    """Bone poses over time: ``poses`` [frames, bones] in model space, ``frame_ms`` apart; the last frame leads to the
    first."""

    name: str
    frame_ms: float
    poses: Rigid

    @property
    def num_frames(self) -> int:
        return int(self.poses.places.shape[0])

    @property
    def num_bones(self) -> int:
        return int(self.poses.places.shape[1])

    @property
    def duration_s(self) -> float:
        """Seconds of one cycle."""
        return self.num_frames * self.frame_ms / 1000.0


def read_animation(data: bytes, what: str = "the PSA animation") -> Animation:
    """Parse one PSA file. Raises MediaError for anything but a whole, sound file."""
    cursor = open_cursor(data, what, magic=b"PSSA", versions=(1,))
    name = cursor.name()
    (frame_ms,) = struct.unpack("<f", cursor.take(4))
    if not 0.1 <= frame_ms <= 10_000.0:
        raise cursor.fail(f"has frames of {frame_ms:g} ms, and 0.1 to 10000 can be read")
    num_bones = cursor.number("bones", MAX_BONES)
    num_frames = cursor.number("frames", MAX_FRAMES)
    if num_bones == 0 or num_frames == 0:
        raise cursor.fail("has no frames or no bones")
    records = cursor.records(_PLACE_AND_TURN, num_frames * num_bones).reshape(num_frames, num_bones)
    poses = Rigid(
        places=cursor.finite(records["place"]),
        turns=normalize(cursor.finite(records["turn"])),
    )
    return Animation(name=name, frame_ms=frame_ms, poses=poses)


def sample_poses(poses: Rigid, phases: np.ndarray[tuple[int], np.dtype[np.float64]], *, loops: bool) -> Rigid:
    """Poses [phases, bones] at parts of the cycle (0 = first frame, 1 = a whole cycle later).

    A loop blends its last frame into its first; any other animation stops at its last frame.
    """
    num_frames = int(poses.places.shape[0])
    at = phases * num_frames
    at = np.mod(at, num_frames) if loops else np.clip(at, 0, num_frames - 1)
    low = np.floor(at).astype(np.intp) % num_frames
    high = (low + 1) % num_frames if loops else np.minimum(low + 1, num_frames - 1)
    share = np.asarray(at - np.floor(at), dtype=np.float32)[:, None, None]
    return blend(poses[low], poses[high], share)
