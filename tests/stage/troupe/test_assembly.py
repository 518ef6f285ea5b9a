from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.assembly import assemble, flesh_out
from ozora.stage.troupe.casting import Act
from tests.stage.troupe.game_files import BODY, CHOP, ROLE, game, prop


def test_props_join_the_skeleton() -> None:
    whole = assemble(game(), ROLE)
    kinds = {piece.part.actor: piece.kind for piece in whole.pieces}
    assert kinds == {"figure.xml": "skinned", "head.xml": "rigid", "axe.xml": "rigid"}
    head = next(piece for piece in whole.pieces if piece.part.actor == "head.xml")
    flesh = flesh_out(head, whole.bind)
    np.testing.assert_allclose(flesh.positions[:, 1].min(), 4.0)  # bone at 2, prop point 2 above
    assert set(flesh.bones[:, 0]) == {head.hook}


def test_what_an_act_lacks_is_hidden() -> None:
    whole = assemble(game(), ROLE)
    axe = next(piece for piece in whole.pieces if piece.part.actor == "axe.xml")
    assert axe.first != axe.hook
    assert not whole.clips["walk"].visible[axe.first]
    assert whole.clips["chop"].visible[axe.first]
    poses = whole.clips["chop"].poses
    np.testing.assert_allclose(poses.places[:, axe.first], poses.places[:, axe.hook])


def test_worn_props_share_their_wearers_bones() -> None:
    files = game()
    files.files["art/meshes/head.dae.cached.pmd"] = BODY
    whole = assemble(files, ROLE)
    body, cloak = whole.pieces[0], whole.pieces[1]
    assert cloak.kind == "worn"
    assert cloak.first == body.first


def test_a_rider_moves_with_the_saddle() -> None:
    files = game()
    files.files["art/actors/mount.xml"] = files.files["art/actors/figure.xml"].replace(b"head.xml", b"figure.xml")
    files.files["art/meshes/other.dae.cached.pmd"] = BODY.replace(np.float32(2.0).tobytes(), np.float32(5.0).tobytes())
    files.files["art/actors/mount.xml"] = files.files["art/actors/mount.xml"].replace(b"body.dae", b"other.dae")
    whole = assemble(files, replace(ROLE, actor="mount.xml", acts=ROLE.acts[:2]))
    mount, rider = whole.pieces[0], whole.pieces[1]
    assert (mount.kind, rider.kind) == ("skinned", "skinned")
    poses = whole.clips["walk"].poses.places
    np.testing.assert_allclose(poses[:, rider.first, 2], poses[:, mount.first + 1, 2], atol=1e-6)


def test_missing_animations_are_named() -> None:
    with pytest.raises(MediaError, match="'swim'"):
        assemble(game(), replace(ROLE, acts=(Act(clip="swim", state="swim"),)))


def test_pace_slows_down() -> None:
    slow = assemble(game(), replace(ROLE, acts=(Act(clip="walk", state="walk", pace=0.5),)))
    assert slow.clips["walk"].duration_s == pytest.approx(0.8)


def test_props_can_be_left_out() -> None:
    whole = assemble(game(), replace(ROLE, without=("axe",)))
    assert [piece.part.actor for piece in whole.pieces] == ["figure.xml", "head.xml"]


def test_missing_meshes_are_errors() -> None:
    files = game()
    files.files["art/variants/chop.xml"] = CHOP.replace(b"axe.xml", b"bow.xml")
    files.files["art/actors/bow.xml"] = prop("bow.dae")
    with pytest.raises(MediaError):
        assemble(files, ROLE)
