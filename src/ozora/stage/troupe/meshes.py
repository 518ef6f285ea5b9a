"""PMD, the mesh format of Pyrogenesis (the engine of 0 A.D.): bytes -> ``SkinnedMesh``.

Little endian: ``PSMD``, version 4, payload size, vertices, UV sets, then per vertex position, normal, UVs, four bones
(255 = none) and four weights; triangles; bones in bind pose; prop points. Vertices stand in model space (left-handed,
y up). Source: the engine's ``graphics/ModelDef.cpp``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.stage.troupe.cursor import Cursor, open_cursor
from ozora.stage.troupe.rotations import FloatArray, Rigid, normalize

NO_BONE = 255
MAX_VERTICES = 65_536
MAX_UV_SETS = 8
MAX_TRIANGLES = 262_144
MAX_BONES = 254
MAX_PROP_POINTS = 512

_PLACE_AND_TURN = np.dtype([("place", "<f4", 3), ("turn", "<f4", 4)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropPoint:
    """Where a prop hangs: ``bone`` (NO_BONE = the model itself) and the transform within it."""

    bone: int
    transform: Rigid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinnedMesh:
    """A mesh in bind pose; a mesh without bones is rigid.

    ``positions``, ``normals`` [v, 3]; ``uvs`` [v, 2] (v down, as in the picture); ``bones`` uint8 [v, 4]; ``weights``
    [v, 4]; ``triangles`` uint16 [t, 3]; ``bind`` [bones]: where each bone is when the mesh is at rest.
    """

    positions: FloatArray
    normals: FloatArray
    uvs: FloatArray
    bones: NDArray[np.uint8]
    weights: FloatArray
    triangles: NDArray[np.uint16]
    bind: Rigid
    prop_points: dict[str, PropPoint]


def _read_rigid(cursor: Cursor, count: int) -> Rigid:
    records = cursor.records(_PLACE_AND_TURN, count)
    return Rigid(
        places=cursor.finite(records["place"]),
        turns=normalize(cursor.finite(records["turn"])),
    )


def _read_prop_points(cursor: Cursor, num_bones: int) -> dict[str, PropPoint]:
    points = {}
    for _ in range(cursor.number("prop points", MAX_PROP_POINTS)):
        name = cursor.name()
        transform = _read_rigid(cursor, 1)[0]
        bone = cursor.take(1)[0]
        if bone != NO_BONE and bone >= num_bones:
            raise cursor.fail(f"hangs the prop point {name!r} on bone {bone}, but has {num_bones} bones")
        points[name] = PropPoint(bone=bone, transform=transform)
    return points


def read_mesh(data: bytes, what: str = "the PMD mesh") -> SkinnedMesh:
    """Parse one PMD file. Raises MediaError for anything but a whole, sound file."""
    cursor = open_cursor(data, what, magic=b"PSMD", versions=(4,))
    num_vertices = cursor.number("vertices", MAX_VERTICES)
    num_uv_sets = cursor.number("UV sets", MAX_UV_SETS)
    vertex = np.dtype(
        [
            ("position", "<f4", 3),
            ("normal", "<f4", 3),
            ("uvs", "<f4", (num_uv_sets, 2)),
            ("bones", "u1", 4),
            ("weights", "<f4", 4),
        ]
    )
    vertices = cursor.records(vertex, num_vertices)
    num_triangles = cursor.number("triangles", MAX_TRIANGLES)
    triangles = cursor.records(np.dtype("<u2"), num_triangles * 3).reshape(-1, 3)
    if triangles.size and int(triangles.max()) >= num_vertices:
        raise cursor.fail("has a triangle on a vertex that it lacks")
    num_bones = cursor.number("bones", MAX_BONES)
    bind = _read_rigid(cursor, num_bones)
    bones = np.ascontiguousarray(vertices["bones"])
    if ((bones != NO_BONE) & (bones >= max(num_bones, 1))).any():
        raise cursor.fail("has a vertex on a bone that it lacks")
    uvs = vertices["uvs"][:, 0] if num_uv_sets else np.zeros((num_vertices, 2), dtype=np.float32)
    return SkinnedMesh(
        positions=cursor.finite(vertices["position"]),
        normals=cursor.finite(vertices["normal"]),
        uvs=cursor.finite(np.stack([uvs[:, 0], 1.0 - uvs[:, 1]], axis=1)),
        bones=bones,
        weights=cursor.finite(vertices["weights"]),
        triangles=triangles,
        bind=bind,
        prop_points=_read_prop_points(cursor, num_bones),
    )
