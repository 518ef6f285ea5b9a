from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.stage.solids import COARSER, SEGMENTS, SOLIDS, Mesh

Corners = NDArray[np.float64]


def corners(mesh: Mesh) -> Corners:
    """Triangles [t, 3, 3] in float64."""
    return mesh.positions.astype(np.float64)[mesh.indices.reshape(-1, 3)]


def volume(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(corners(mesh), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


MAKERS = {
    **{(name, 0): make for name, make in SOLIDS.items()},
    **{(name, step): make for name, makers in COARSER.items() for step, make in enumerate(makers, start=1)},
}


@pytest.fixture(params=MAKERS, ids=lambda key: f"{key[0]} {key[1]}")
def mesh(request: pytest.FixtureRequest) -> Mesh:
    return MAKERS[request.param]()


def test_closed(mesh: Mesh) -> None:
    """Every edge is walked as often one way as the other."""
    edges: Counter[tuple[bytes, bytes]] = Counter()
    for triangle in corners(mesh).round(5) + 0.0:
        a, b, c = (corner.tobytes() for corner in triangle)
        edges.update([(a, b), (b, c), (c, a)])
    open_edges = [edge for edge, count in edges.items() if edge[0] != edge[1] and edges[edge[::-1]] != count]
    assert not open_edges


def test_normals_point_outward(mesh: Mesh) -> None:
    a, b, c = np.moveaxis(corners(mesh), 1, 0)
    faces = np.cross(b - a, c - a)
    real = np.linalg.norm(faces, axis=1) > 1e-9
    told = mesh.normals[mesh.indices.reshape(-1, 3)].astype(np.float64)
    assert (np.einsum("ti,tki->tk", faces, told)[real] > 0).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-5)
    assert volume(mesh) > 0


def test_inside_the_unit_cube(mesh: Mesh) -> None:
    assert np.abs(mesh.positions).max() == pytest.approx(0.5, abs=1e-6)
    assert mesh.indices.max() < len(mesh.positions) == len(mesh.normals)


@pytest.mark.parametrize(
    ("name", "exact", "share"),
    [
        ("sphere", np.pi / 6, 0.93),
        ("box", 1.0, 1.0),
        ("cylinder", np.pi / 4, 0.96),
        ("cone", np.pi / 12, 0.97),
        ("pyramid", 1 / 3, 1.0),
        ("roof", 0.5, 1.0),
        ("ring", 2 * np.pi**2 * 0.36 * 0.14**2, 0.9),
    ],
)
def test_volumes(name: str, exact: float, share: float) -> None:
    """A mesh of few triangles holds a little less than the round body that it stands for."""
    assert share * exact - 1e-6 <= volume(SOLIDS[name]()) <= exact + 1e-6


@pytest.mark.parametrize("name", COARSER)
def test_coarser_versions_have_fewer_triangles_and_about_the_same_body(name: str) -> None:
    versions = [SOLIDS[name](), *(make() for make in COARSER[name])]
    assert len(versions) == 1 + len(SEGMENTS)
    counts = [len(each.indices) for each in versions]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == len(counts)
    assert all(volume(each) > 0.6 * volume(versions[0]) for each in versions)


def test_a_bite_is_missing() -> None:
    assert 0.8 * np.pi / 4 < volume(SOLIDS["bitten"]()) < 0.95 * np.pi / 4
