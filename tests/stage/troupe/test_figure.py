from __future__ import annotations

import numpy as np
import pytest

from ozora.errors import UnknownNameError
from ozora.stage.troupe.figure import REST, Member, appear, pose, pose_frames, skin
from ozora.stage.troupe.production import produce
from tests.stage.troupe.game_files import ROLE, game


@pytest.fixture(scope="module")
def member() -> Member:
    return produce(game(), ROLE)


def test_the_bind_pose_is_identity_skinning(member: Member) -> None:
    still = np.tile(np.eye(3, 4, dtype=np.float32), (member.num_bones, 1, 1))
    np.testing.assert_allclose(pose(member, REST, 3.0), still)
    idle = pose(member, "idle", 0.05)  # idle holds the bind pose
    np.testing.assert_allclose(idle[member.clips["idle"].visible], still[: idle.shape[0] - 1], atol=1e-5)


def test_clips_loop_and_interpolate(member: Member) -> None:
    times = np.linspace(0.0, 0.4, 9)
    one, again = pose_frames(member, "walk", times), pose_frames(member, "walk", times + 0.8)
    np.testing.assert_allclose(one, again, atol=1e-4)
    step = member.clips["walk"].duration_s / len(member.clips["walk"].poses.places)
    middle = (pose(member, "walk", 0.0) + pose(member, "walk", step)) / 2
    np.testing.assert_allclose(pose(member, "walk", step / 2), middle, atol=1e-5)


def test_matrices_are_small_floats(member: Member) -> None:
    assert pose(member, "walk", 0.1).dtype == np.float32
    assert pose(member, "walk", 0.1).shape == (member.num_bones, 3, 4)


def test_unknown_clips_are_named(member: Member) -> None:
    with pytest.raises(UnknownNameError, match="chop, idle, walk"):
        pose(member, "fly", 0.0)


def test_an_appearance_is_the_pose_in_its_place(member: Member) -> None:
    place = np.array([[[0.0, 0, 2, 5], [0, 2, 0, 6], [-2, 0, 0, 7]]])
    shown = appear(member, "idle", np.array([0.1]), place, thing=3, dye=(1.0, 0.0, 0.0))
    points = skin(member, pose(member, "idle", 0.1))
    expected = points @ place[0, :, :3].T + place[0, :, 3]
    visible = member.clips["idle"].visible[member.bones[:, 0]]
    np.testing.assert_allclose(skin(member, shown.bones[0])[visible], expected[visible], atol=1e-5)
    np.testing.assert_allclose(skin(member, shown.bones[0])[~visible], 0.0)
    assert (shown.thing, shown.dye) == (3, (1.0, 0.0, 0.0))
    assert appear(member, REST, np.array([0.0]), place).dye == member.dye
