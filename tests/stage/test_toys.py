from __future__ import annotations

import numpy as np
import pytest

from ozora.language.vocabulary import WORDS
from ozora.stage.scene import Thing
from ozora.stage.scene_templates import FLOATING
from ozora.stage.solids import SOLIDS
from ozora.stage.toys import SIDEWAYS, STATES, TINTS, TOYS, sign
from ozora.stage.trajectories import height
from tests.stage.stage import drawn, points, scene

NAMED = ("main", "light", "dark")


@pytest.mark.parametrize("noun", TOYS)
def test_a_toy_stands_on_the_ground_and_is_about_one_unit_high(noun: str) -> None:
    thing = Thing(noun=noun, color="red")
    found = points(drawn(scene(thing)), 1) / height(thing)
    assert found[:, 1].min() > -0.05, "nothing sticks in the ground"
    assert found[:, 1].min() < (0.35 if noun in FLOATING else 0.02)
    assert 0.85 < found[:, 1].max() < 1.2
    assert np.abs(found[:, [0, 2]]).max() < 1.1
    middle = (found.max(axis=0) + found.min(axis=0)) / 2
    assert abs(middle[2]) < 0.15 and abs(middle[0]) < 0.2


@pytest.mark.parametrize("noun", TOYS)
def test_parts_are_made_of_what_there_is(noun: str) -> None:
    for part in TOYS[noun]():
        assert part.solid in SOLIDS
        assert part.tint in TINTS or part.tint in NAMED
        assert min(part.size) > 0
        assert not part.state or part.state in STATES[noun]


@pytest.mark.parametrize("noun", TOYS)
def test_most_of_a_toy_has_the_color_that_is_spoken_of(noun: str) -> None:
    parts = TOYS[noun]()
    sizes = {name: sum(np.prod(part.size) for part in parts if part.tint == name) for name in NAMED}
    rest = sum(np.prod(part.size) for part in parts if part.tint not in NAMED)
    assert sizes["main"] > 0
    assert sum(sizes.values()) > rest or noun in ("truck", "lamp"), "a truck's load and a lamp's light are their own"


@pytest.mark.parametrize("noun", STATES)
def test_states_differ(noun: str) -> None:
    parts = TOYS[noun]()
    for state in STATES[noun]:
        assert any(part.state == state for part in parts)


@pytest.mark.parametrize("noun", ["dog", "cat", "horse", "bird", "fish", "person", "robot"])
def test_toys_with_eyes_look_along_x(noun: str) -> None:
    eyes = [part.at for part in TOYS[noun]() if part.tint == "eye"]
    assert len(eyes) >= 2
    assert all(x > 0.1 for x, _, _ in eyes)
    assert sum(z for _, _, z in eyes) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("word", WORDS)
def test_letters_lie_on_their_board(word: str) -> None:
    post, board, *letters = sign(word)
    assert letters
    for part in letters:
        for axis in (0, 1):
            edge = abs(part.at[axis] - board.at[axis]) + part.size[axis] / 2
            assert edge < board.size[axis] / 2
        assert part.at[2] + part.size[2] / 2 > board.size[2] / 2, "in front of the board"
    assert post.at[1] < board.at[1]


def test_sideways_toys_are_toys() -> None:
    assert set(SIDEWAYS) <= set(TOYS)
