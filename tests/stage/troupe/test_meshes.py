from __future__ import annotations

import struct

import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.meshes import NO_BONE, read_mesh
from tests.stage.troupe.game_files import BODY, HEAD, LOW, NO_TURN, pmd, rigid_corners

TRIANGLE = rigid_corners(LOW, LOW, LOW)


def test_reads_a_skinned_mesh() -> None:
    mesh = read_mesh(BODY)
    assert mesh.positions[1].tolist() == [0.0, 4.0, 0.0]
    assert mesh.uvs[1].tolist() == [0.0, -3.0]  # v runs down
    assert mesh.bones[2].tolist() == [0, 1, NO_BONE, NO_BONE]
    assert mesh.weights[2].tolist() == [0.5, 0.5, 0.0, 0.0]
    assert mesh.triangles.tolist() == [[0, 1, 2]]
    assert mesh.bind.places.tolist() == [[0, 0, 0], [0, 2, 0]]
    assert mesh.prop_points["head"].bone == 1
    assert mesh.prop_points["root"].bone == NO_BONE


def test_a_rigid_mesh_has_no_bones() -> None:
    assert len(read_mesh(HEAD).bind.places) == 0


def test_every_truncation_is_refused() -> None:
    for length in range(len(BODY)):
        with pytest.raises(MediaError):
            read_mesh(BODY[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PSMD" + struct.pack("<IIII", 4, 0, 2**31, 1), "vertices"),
        (pmd(TRIANGLE, triangles=[(0, 1, 7)]), "triangle on a vertex"),
        (pmd([(LOW, (3, 255, 255, 255), (1.0, 0.0, 0.0, 0.0))] * 3, bind=[(LOW, NO_TURN)]), "vertex on a bone"),
        (pmd(TRIANGLE, points=[("head", LOW, NO_TURN, 5)]), "prop point"),
        (pmd(rigid_corners((float("nan"), 0, 0), LOW, LOW)), "not finite"),
    ],
)
def test_hostile_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        read_mesh(data)
