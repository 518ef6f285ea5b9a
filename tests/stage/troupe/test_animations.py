from __future__ import annotations

import struct

import numpy as np
import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.animations import read_animation, sample_poses
from tests.stage.troupe.game_files import LOW, NO_TURN, WALK, psa


def test_reads_frames_and_time() -> None:
    animation = read_animation(WALK)
    assert (animation.num_frames, animation.num_bones, animation.frame_ms) == (4, 2, 100.0)
    assert animation.duration_s == pytest.approx(0.4)
    assert animation.poses.places[1, 1].tolist() == [0.0, 2.0, 1.0]


def test_every_truncation_is_refused() -> None:
    for length in range(len(WALK)):
        with pytest.raises(MediaError):
            read_animation(WALK[:length])


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("<IfII", 0, 33.0, 2**20, 1),
        struct.pack("<IfII", 0, 33.0, 1, 2**30),
        struct.pack("<IfII", 0, 0.0, 1, 1),
        struct.pack("<IfII", 0, float("nan"), 1, 1),
        struct.pack("<IfII", 0, 33.0, 0, 0),
    ],
)
def test_hostile_files_are_refused(body: bytes) -> None:
    with pytest.raises(MediaError):
        read_animation(b"PSSA" + struct.pack("<II", 1, 0) + body + bytes(64))


def test_a_loop_leads_back_to_its_start() -> None:
    poses = read_animation(WALK).poses
    at = sample_poses(poses, np.array([0.0, 0.125, 0.875, 1.0]), loops=True).places[:, 1, 2]
    np.testing.assert_allclose(at, [0.0, 0.5, -0.5, 0.0], atol=1e-6)


def test_an_ending_stops_at_its_last_frame() -> None:
    poses = read_animation(psa([[(LOW, NO_TURN)], [((0.0, 1.0, 0.0), NO_TURN)]])).poses
    at = sample_poses(poses, np.array([-1.0, 0.25, 0.5, 9.0]), loops=False).places[:, 0, 1]
    np.testing.assert_allclose(at, [0.0, 0.5, 1.0, 1.0])
