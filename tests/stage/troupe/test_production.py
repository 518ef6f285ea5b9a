from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.figure import pose, skin
from ozora.stage.troupe.production import mirror, mirror_rigid, produce
from ozora.stage.troupe.rotations import Rigid, apply, normalize
from tests.stage.troupe.game_files import ROLE, game, pmd, rigid_corners, texture


def test_figures_face_plus_x_and_their_right_is_plus_z() -> None:
    forward, right = np.array([[0, 0, -1]], np.float32), np.array([[-1, 0, 0]], np.float32)
    assert mirror(forward).tolist() == [[1, 0, 0]]
    assert mirror(right).tolist() == [[0, 0, 1]]


def test_mirroring_commutes_with_motion() -> None:
    dice = np.random.default_rng(5)
    rigid = Rigid(
        places=dice.normal(size=(4, 3)).astype(np.float32), turns=normalize(dice.normal(size=(4, 4)).astype(np.float32))
    )
    points = dice.normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(mirror(apply(rigid, points)), apply(mirror_rigid(rigid), mirror(points)), atol=1e-5)


def test_height_and_ground() -> None:
    member = produce(game(), ROLE)
    points = skin(member, pose(member, "idle", 0.0))
    shown = points[member.layers >= 0]
    assert shown[:, 1].min() == pytest.approx(0.0, abs=1e-6)
    body = np.isin(np.arange(len(points)), np.arange(6))  # body and head, not the axe
    assert points[body, 1].max() == pytest.approx(ROLE.height_m)


def test_hidden_props_shrink_to_a_point() -> None:
    member = produce(game(), ROLE)
    axe = slice(6, 9)
    assert np.ptp(skin(member, pose(member, "walk", 0.1))[axe], axis=0).max() == 0.0
    assert np.ptp(skin(member, pose(member, "chop", 0.1))[axe], axis=0).max() > 1.0


def test_tunics_stay_open_for_a_dye() -> None:
    member = produce(game(), ROLE)
    assert member.dyed.tolist() == [True, False]
    assert 0.0 < member.dye_share < 1.0
    assert member.dye[2] > member.dye[0]


def test_only_bones_in_use_are_kept() -> None:
    member = produce(game(), ROLE)
    assert set(member.bones[member.weights > 0]) == set(range(member.num_bones))


def test_strides_are_measured_where_something_moves() -> None:
    member = produce(game(), ROLE)
    assert member.clips["idle"].stride_m == 0.0
    assert produce(game(), replace(ROLE, glides=True)).clips["walk"].stride_m > 0.0


def test_foundations_are_dropped() -> None:
    files = game()
    corners = rigid_corners((0, 0, 0), (1, 2, 0), (0, 2, 1), (0, -9, 0), (1, -9, 0), (0, -8, 1))
    files.files["art/meshes/head.dae.cached.pmd"] = pmd(corners, triangles=[(0, 1, 2), (3, 4, 5)])
    house = produce(files, replace(ROLE, actor="head.xml", family="building", acts=()))
    assert len(house.triangles) == 1
    assert house.positions[:, 1].max() == pytest.approx(ROLE.height_m)
    assert house.num_bones == 1


def test_a_mesh_needs_a_texture() -> None:
    files = game()
    files.files["art/actors/head.xml"] = files.files["art/actors/head.xml"].replace(b"baseTex", b"normTex")
    with pytest.raises(MediaError, match="texture"):
        produce(files, ROLE)


def test_pictures_have_one_size() -> None:
    files = game()
    files.files["art/textures/skins/body.png.cached.dds"] = texture((200, 200, 200, 255), side=512)
    member = produce(files, ROLE)
    assert member.pictures.shape == (2, 256, 256, 4)
    assert member.dyed.tolist() == [False, False]
