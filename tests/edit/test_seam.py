from __future__ import annotations

import numpy as np

from ozora.edit.given import Given
from ozora.edit.seam import FADE, Joints, paste, usual_step
from ozora.evaluate.seams import seam_jump


def test_pasted_frames_are_untouched_and_their_neighbours_come_close() -> None:
    painted = np.full((20, 4, 4, 3), 100, np.uint8)
    given = (Given(frame=5, pictures=np.full((3, 4, 4, 3), 140, np.uint8)),)
    result = paste(painted, given)
    assert np.array_equal(result[5:8], given[0].pictures)
    levels = result[:, 0, 0, 0].astype(int)
    assert 130 < levels[8] < 140
    assert 130 < levels[4] < 140
    assert levels[0] == levels[-1] == 100 or levels[0] > 100
    assert (np.diff(levels[8:]) <= 0).all()
    assert paste(painted, ()) is painted


def test_pasted_pixels_are_untouched_and_their_neighbours_come_close() -> None:
    painted = np.full((1, 64, 64, 3), 100, np.uint8)
    known = np.zeros((1, 64, 64), bool)
    known[:, :, :32] = True
    pictures = np.full_like(painted, 160)
    result = paste(painted, (Given(frame=0, pictures=pictures, known=known),))
    assert (result[:, :, :32] == 160).all()
    row = result[0, 32, :, 0].astype(int)
    assert row[32] > 150 and (np.diff(row[32:]) <= 0).all() and row[-1] == 100


def _walk(*, drift: int) -> np.ndarray:
    """Still grain of 24 frames with a bright square that walks 3 pixels a frame; ``drift`` on all from frame 12 on."""
    grain = np.random.default_rng(3).integers(60, 120, (128, 224, 3))
    frames = np.repeat(grain[None], 24, axis=0)
    frames[12:] += drift
    for number in range(24):
        frames[number, 20:28, 8 + 3 * number : 16 + 3 * number] = 220
    return frames.astype(np.uint8)


def test_a_step_of_the_whole_picture_does_not_show() -> None:
    painted = _walk(drift=12)
    given = (Given(frame=0, pictures=_walk(drift=0)[:12]),)
    hard = painted.copy()
    hard[:12] = given[0].pictures
    soft = paste(painted, given)
    assert seam_jump(soft, [12]) < seam_jump(hard, [12]) / 8
    change = np.abs(np.diff(soft.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert change.max() < 2.5, "of the 12 gray levels"
    assert change[11] < change[13] / 2, "hardly any at the seam itself"
    assert np.array_equal(soft[:12], given[0].pictures)
    backward = paste(painted[::-1], (Given(frame=12, pictures=given[0].pictures[::-1]),))
    assert np.array_equal(backward, soft[::-1])


def test_what_moves_goes_on_moving() -> None:
    """No copy of it stands still beside the seam."""
    painted = _walk(drift=0)
    soft = paste(painted, (Given(frame=0, pictures=painted[:12]),))
    assert np.abs(soft.astype(int) - painted)[:, 20:28].mean() < 2


def test_no_step_across_a_seam_is_larger_than_what_is_usual_in_the_clip() -> None:
    """Although everything painted moves fast, and goes on to do so."""
    grain = np.random.default_rng(5).integers(0, 64, (64, 400, 3)).astype(np.uint8)
    slow = np.stack([grain[:, n : n + 96] // 8 + 90 for n in range(12)])
    fast = np.stack([grain[:, 12 + 9 * n : 108 + 9 * n] + 90 for n in range(12)])
    given = (Given(frame=0, pictures=slow),)
    soft = paste(np.concatenate([slow, fast]), given, largest=usual_step(given))
    change = np.abs(np.diff(soft.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert change[11] < 1.2 * np.median(change[:11])
    assert change[11] < change[20] / 5
    assert np.array_equal(soft[:12], slow)


def test_the_usual_step_is_that_of_what_moves() -> None:
    """Whatever rate the clip was brought to; a picture alone has none, a clip that stands hardly one."""
    walk = _walk(drift=0)[:, :40, :64]
    once, twice, still = (Given(frame=0, pictures=frames) for frames in (walk, walk.repeat(2, axis=0), walk[:1]))
    assert 0.5 < usual_step((once,)) == usual_step((twice,)) < 20
    assert usual_step((still,)) == usual_step(()) == np.inf
    assert usual_step((Given(frame=0, pictures=walk[:1].repeat(5, axis=0)),)) == 0.5


def _joined(painted: np.ndarray, starts: list[int], piece: int) -> np.ndarray:
    joints = Joints([range(start, len(painted)) for start in starts])
    parts = [joints.add(painted[at : at + piece]) for at in range(0, len(painted), piece)]
    rest = joints.end()
    return np.concatenate([*parts, *([] if rest is None else [rest])])


def test_where_two_windows_meet_the_picture_does_not_jump() -> None:
    painted = np.concatenate([_walk(drift=12), _walk(drift=12)[12:]])
    soft = _joined(painted, [12], 5)
    assert soft.shape == painted.shape and np.array_equal(soft[:12], painted[:12])
    assert seam_jump(painted, [12]) > 8 > 2 > seam_jump(soft, [12])
    assert np.array_equal(soft[12 + FADE :], painted[12 + FADE :]), "the rest is as it was painted"
    square = soft[14, 20:28, 8 + 3 * 14 : 16 + 3 * 14]
    assert square.mean() > 200, "what moves goes on moving"


def test_joints_do_not_depend_on_the_pieces() -> None:
    painted, starts = _walk(drift=9), [9, 12, 22]
    whole = _joined(painted, starts, 24)
    assert all(np.array_equal(_joined(painted, starts, piece), whole) for piece in (1, 5, 7, 13))
    assert np.array_equal(_joined(painted, [], 5), painted)


def test_nothing_fades_beyond_a_cut() -> None:
    painted = _walk(drift=12)
    joints = Joints([range(12, 15)])
    soft = joints.add(painted)
    assert not np.array_equal(soft[12:15], painted[12:15]) and np.array_equal(soft[15:], painted[15:])
