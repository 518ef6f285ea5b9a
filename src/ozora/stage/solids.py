"""Simple solids as triangle meshes: what every toy is built of.

Each function returns a mesh inside the unit cube centered at the origin (y up), with outward normals. Round solids have
coarser versions for parts that are a few pixels wide: a software renderer pays by the triangle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Triangles: ``positions`` and ``normals`` [vertices, 3], ``indices`` [triangles * 3]."""

    positions: FloatArray
    normals: FloatArray
    indices: NDArray[np.uint32]


def _revolve(profile: list[tuple[float, float]], segments: int, *, smooth: bool) -> Mesh:
    """Surface of revolution about y of a profile of (radius, y) points that runs from bottom to top.

    A smooth surface shares its rings of vertices between bands; a faceted one has two rings a band. (Vertex work is
    single-threaded in a software renderer: shared rings nearly halve it.)
    """
    turn = np.linspace(0.0, 2.0 * np.pi, segments + 1)
    circle = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=1)
    points = np.array(profile)
    edges = np.diff(points, axis=0)
    slopes = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    slopes /= np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9)
    if smooth:
        around = np.concatenate([slopes[:1], slopes[:-1] + slopes[1:], slopes[-1:]])
        rings = [(point, normal / np.linalg.norm(normal)) for point, normal in zip(points, around, strict=True)]
        bands = [(i, i + 1) for i in range(len(slopes))]
    else:
        rings = [(points[i + end], slope) for i, slope in enumerate(slopes) for end in (0, 1)]
        bands = [(2 * i, 2 * i + 1) for i in range(len(slopes))]
    step = np.arange(segments)
    indices = []
    for lower, upper in bands:
        low, high = lower * (segments + 1) + step, upper * (segments + 1) + step
        if points[0][0] or lower:  # a band that begins in a point needs one triangle a segment, not two
            indices.append(np.stack([low, high, low + 1], axis=1).ravel())
        indices.append(np.stack([low + 1, high, high + 1], axis=1).ravel())
    return Mesh(
        positions=np.concatenate([circle * p[0] + [0.0, p[1], 0.0] for p, _ in rings]).astype(np.float32),
        normals=np.concatenate([circle * n[0] + [0.0, n[1], 0.0] for _, n in rings]).astype(np.float32),
        indices=np.concatenate(indices).astype(np.uint32),
    )


def _facets(corners: list[list[tuple[float, float, float]]]) -> Mesh:
    """Flat convex faces, each a list of corners, counter-clockwise when seen from outside."""
    positions, normals, indices = [], [], []
    count = 0
    for face in corners:
        points = np.array(face)
        normal = np.cross(points[1] - points[0], points[2] - points[0])
        normal /= np.linalg.norm(normal)
        positions.append(points)
        normals.append(np.repeat(normal[None], len(points), axis=0))
        fan = [(count, count + i, count + i + 1) for i in range(1, len(points) - 1)]
        indices.append(np.array(fan).ravel())
        count += len(points)
    return Mesh(
        positions=np.concatenate(positions).astype(np.float32),
        normals=np.concatenate(normals).astype(np.float32),
        indices=np.concatenate(indices).astype(np.uint32),
    )


def _prism(outline: list[tuple[float, float]], half_depth: float) -> Mesh:
    """Convex outline in x, y (counter-clockwise) pulled along z."""
    front = [(x, y, half_depth) for x, y in outline]
    back = [(x, y, -half_depth) for x, y in reversed(outline)]
    faces = [front, back]
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1], strict=True):
        faces.append([(x0, y0, half_depth), (x0, y0, -half_depth), (x1, y1, -half_depth), (x1, y1, half_depth)])
    return _facets(faces)


def sphere(segments: int = 16, rings: int = 10) -> Mesh:
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings)
    return _revolve([(0.5 * float(np.cos(a)), 0.5 * float(np.sin(a))) for a in angles], segments, smooth=True)


def dome(segments: int = 16, rings: int = 6) -> Mesh:
    angles = np.linspace(0.0, np.pi / 2, rings)
    outline = [(0.0, -0.5)] + [(0.5 * float(np.cos(a)), float(np.sin(a)) - 0.5) for a in angles]
    return _revolve(outline, segments, smooth=True)


def box() -> Mesh:
    return _prism([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], 0.5)


def cylinder(segments: int = 14) -> Mesh:
    return _revolve([(0.0, -0.5), (0.5, -0.5), (0.5, 0.5), (0.0, 0.5)], segments, smooth=False)


def cone(segments: int = 20) -> Mesh:
    return _revolve([(0.0, -0.5), (0.5, -0.5), (0.0, 0.5)], segments, smooth=False)


def cup(segments: int = 18) -> Mesh:
    """A cone without its tip: lamp shades, flower pots, hulls."""
    return _revolve([(0.0, -0.5), (0.5, -0.5), (0.28, 0.5), (0.0, 0.5)], segments, smooth=False)


def pyramid() -> Mesh:
    base = [(-0.5, -0.5, -0.5), (0.5, -0.5, -0.5), (0.5, -0.5, 0.5), (-0.5, -0.5, 0.5)]
    top = (0.0, 0.5, 0.0)
    sides = [[base[(i + 1) % 4], base[i], top] for i in range(4)]
    return _facets([base, *sides])


def roof() -> Mesh:
    return _prism([(-0.5, -0.5), (0.5, -0.5), (0.0, 0.5)], 0.5)


def hull() -> Mesh:
    """A boat's body: a trapezoid along x."""
    return _prism([(-0.34, -0.5), (0.3, -0.5), (0.5, 0.5), (-0.46, 0.5)], 0.5)


def ring() -> Mesh:
    """A torus that stands upright: its axis is z."""
    angles = np.linspace(-np.pi, np.pi, 11)
    tube = [(0.36 - 0.14 * float(np.cos(a)), 0.14 * float(np.sin(-a))) for a in angles]
    lying = _revolve(tube, 22, smooth=True)
    swap, mirror = [0, 2, 1], np.array([1, 1, -1], np.float32)
    return Mesh(
        positions=lying.positions[:, swap] * mirror,
        normals=lying.normals[:, swap] * mirror,
        indices=lying.indices,
    )


def bitten() -> Mesh:
    """A disc that faces z with a bite out of its upper right."""
    turn = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 0.5
    bite, radius = np.array([0.36, 0.32]), 0.33
    offset = rim - bite
    distance = np.linalg.norm(offset, axis=1, keepdims=True)
    pushed = np.where(distance < radius, bite - (rim / 0.5) * radius * 0.92, rim)
    center = (-0.12, -0.1)
    faces = []
    outline = [(float(x), float(y)) for x, y in pushed]
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1], strict=True):
        faces.append([(*center, 0.5), (x0, y0, 0.5), (x1, y1, 0.5)])
        faces.append([(*center, -0.5), (x1, y1, -0.5), (x0, y0, -0.5)])
        faces.append([(x0, y0, 0.5), (x0, y0, -0.5), (x1, y1, -0.5), (x1, y1, 0.5)])
    return _facets(faces)


SOLIDS: dict[str, Callable[[], Mesh]] = {
    "sphere": sphere,
    "dome": dome,
    "box": box,
    "cylinder": cylinder,
    "cone": cone,
    "cup": cup,
    "pyramid": pyramid,
    "roof": roof,
    "hull": hull,
    "ring": ring,
    "bitten": bitten,
}
SEGMENTS = ((22.0, 12), (14.0, 10), (9.0, 8), (5.0, 6))
"""How many segments do for a body that is narrower than so many pixels: its outline is off by a third of one."""
COARSER: dict[str, tuple[Callable[[], Mesh], ...]] = {
    "sphere": tuple(partial(sphere, count, 2 + 5 * count // 10) for _, count in SEGMENTS),
    "dome": tuple(partial(dome, count, 2 + count // 4) for _, count in SEGMENTS),
    "cylinder": tuple(partial(cylinder, count) for _, count in SEGMENTS),
    "cone": tuple(partial(cone, count) for _, count in SEGMENTS),
    "cup": tuple(partial(cup, count) for _, count in SEGMENTS),
}
"""What stands in for a round solid at each step of ``SEGMENTS``."""
