from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.language.facts import Fact, Ref, Statement
from ozora.language.layout import Cells
from ozora.language.layout_score import count_patches, share_shown
from ozora.language.vocabulary import COLORS, NOUNS

FRAMES, ROWS, COLUMNS = 9, 8, 14
BALL, CUBE = Ref(noun="ball", color="red"), Ref(noun="cube", color="blue")


def stage(*boxes: tuple[Ref, int, tuple[int, ...], int]) -> Cells:
    """Things with their top row, their left columns at first and last, and their side at first and last, in cells."""
    share = np.zeros((FRAMES, ROWS, COLUMNS))
    noun, color = np.zeros((2, FRAMES, ROWS, COLUMNS), np.int64)
    for ref, top, columns, side in boxes:
        for frame in range(FRAMES):
            left = round(np.interp(frame, [0, FRAMES - 1], columns))
            box = np.s_[frame, top : top + side, max(left, 0) : left + side]
            share[box], noun[box], color[box] = 1, 1 + list(NOUNS).index(ref.noun), 1 + list(COLORS).index(ref.color)
    return cells_of(share, noun, color)


def cells_of(
    share: NDArray[np.float64], noun: NDArray[np.int64], color: NDArray[np.int64], turns: float = 0.0
) -> Cells:
    """Cells whose things turn round so often in the clip."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, FRAMES)[:, None, None] * np.ones(share.shape)
    facing = np.stack([np.cos(angle), np.sin(angle)]) * (noun > 0)
    return Cells(share=share, noun=noun, color=color, drift=np.zeros_like(facing), facing=facing)


def shows(cells: Cells, statement: Statement) -> bool:
    return share_shown(cells, statement) == 1


def says(*facts: Fact, things: tuple[Ref, ...] = (BALL,)) -> Statement:
    return Statement(things=things, facts=(*(Fact(kind="exists", subject=i) for i in range(len(things))), *facts))


def moves(kind: str) -> Fact:
    return Fact(kind="motion", value=kind, subject=0)


def test_a_thing_that_is_there_is_seen_and_another_is_not() -> None:
    cells = stage((BALL, 4, (6, 6), 2))
    assert shows(cells, says())
    assert shows(cells, says(things=(Ref(noun="ball"),))), "a color that is left open"
    assert not shows(cells, says(things=(CUBE,)))
    assert not shows(cells, says(things=(Ref(noun="ball", color="blue"),)))


def test_two_are_not_one_and_a_stranger_is_not_wanted() -> None:
    assert not shows(stage((BALL, 4, (1, 1), 2), (BALL, 4, (11, 11), 2)), says())
    assert not shows(stage((BALL, 4, (3, 3), 2), (CUBE, 4, (9, 9), 2)), says())
    assert shows(stage((BALL, 4, (3, 3), 2), (CUBE, 4, (9, 9), 2)), says(things=(BALL, CUBE)))


@pytest.mark.parametrize(("columns", "kind"), [((11, 1), "left"), ((1, 11), "right"), ((6, 6), "stand")])
def test_the_way_that_a_thing_goes_is_the_one_that_is_stated(columns: tuple[int, ...], kind: str) -> None:
    cells = stage((BALL, 4, columns, 2))
    assert [shows(cells, says(moves(way))) for way in ("left", "right", "stand")] == [
        way == kind for way in ("left", "right", "stand")
    ]


def red_ball(share: NDArray[np.float64], seen: NDArray[np.int64], turns: float = 0.0) -> Cells:
    ball, red = seen * (1 + list(NOUNS).index("ball")), seen * (1 + list(COLORS).index("red"))
    return cells_of(share, ball, red, turns)


def test_what_jumps_goes_up_and_down_and_does_not_leave_the_picture() -> None:
    def hops(*tops: int) -> Cells:
        share = np.zeros((FRAMES, ROWS, COLUMNS))
        for frame, top in enumerate(tops):
            share[frame, max(top, 0) : max(top + 2, 0), 6:8] = 1
        return red_ball(share, (share > 0).astype(np.int64))

    assert shows(hops(5, 3, 5, 3, 5, 3, 5, 3, 5), says(moves("jump")))
    assert not shows(hops(*[5] * 9), says(moves("jump")))
    assert not shows(hops(5, 3, 1, -2, -2, -2, -2, -2, -2), says(moves("jump")))


def test_what_spins_turns() -> None:
    share = np.zeros((FRAMES, ROWS, COLUMNS))
    share[:, 4:6, 6:8] = 1
    seen = (share > 0).astype(np.int64)
    assert [shows(red_ball(share, seen, turns), says(moves("spin"))) for turns in (0.0, 0.1, 0.5, -1.5)] == [
        False,
        False,
        True,
        True,
    ]


def test_where_no_facing_is_known_nothing_is_missed() -> None:
    share = np.zeros((FRAMES, ROWS, COLUMNS))
    share[:, 4:6, 6:8] = 1
    cells = red_ball(share, (share > 0).astype(np.int64))
    assert shows(replace(cells, facing=np.zeros_like(cells.facing)), says(moves("spin")))


def test_what_comes_nearer_grows() -> None:
    share = np.zeros((FRAMES, ROWS, COLUMNS))
    for frame in range(FRAMES):
        side = 1 + frame // 3
        share[frame, 4 : 4 + side, 6 : 6 + side] = 1
    seen = (share > 0).astype(np.int64)
    cells = red_ball(share, seen)
    assert shows(cells, says(moves("toward"))) and not shows(cells, says(moves("away")))


def test_left_of_is_not_right_of() -> None:
    cells = stage((BALL, 4, (3, 3), 2), (CUBE, 4, (9, 9), 2))
    left = Fact(kind="relation", value="left", subject=0, object=1)
    right = Fact(kind="relation", value="right", subject=0, object=1)
    assert shows(cells, says(left, things=(BALL, CUBE))) and not shows(cells, says(right, things=(BALL, CUBE)))
    assert not shows(cells, says(left, things=(CUBE, BALL)))


def test_what_cannot_be_seen_in_a_layout_does_not_count() -> None:
    cells = stage((BALL, 4, (6, 6), 2))
    assert shows(cells, says(Fact(kind="place", value="snow"), Fact(kind="time", value="night")))


def test_as_many_are_there_as_are_asked_for() -> None:
    three = says(things=(replace(BALL, count=3),))
    rows = [[(BALL, 4, (column, column), 2) for column in columns] for columns in ((1, 5, 9), (1, 9), (1, 4, 7, 10))]
    assert [shows(stage(*boxes), three) for boxes in rows] == [True, False, False]
    assert not shows(stage((BALL, 4, (1, 1), 2), (BALL, 4, (3, 3), 2), (BALL, 4, (9, 9), 2)), three), "two that touch"
    going = says(moves("left"), things=(replace(BALL, count=2),))
    assert shows(stage((BALL, 1, (9, 3), 2), (BALL, 5, (11, 5), 2)), going)


def test_two_that_stand_close_are_not_one() -> None:
    assert not shows(stage((BALL, 4, (4, 4), 2), (BALL, 4, (7, 7), 2)), says())


def test_patches_are_counted_in_every_frame_corners_join_and_crumbs_do_not_count() -> None:
    share = np.zeros((2, 4, 6))
    share[0, :2, :2] = share[0, 2:, 2:4] = 1  # they touch at a corner
    share[0, 0, 5] = 0.3
    share[1, 0, 0] = share[1, 3, 5] = share[1, 0, 3] = 0.6
    assert count_patches(share).tolist() == [1, 3]
    assert count_patches(np.zeros((1, 2, 2))).tolist() == [0]


def test_what_holds_is_counted() -> None:
    right = Fact(kind="relation", value="right", subject=0, object=1)
    wanted = says(right, moves("right"), things=(BALL, CUBE))
    assert share_shown(stage((BALL, 4, (3, 3), 2), (CUBE, 4, (9, 9), 2)), wanted) == 3 / 5
    assert share_shown(stage((CUBE, 4, (9, 9), 2)), wanted) == 2 / 5
    assert share_shown(stage(), says(things=())) == 1
