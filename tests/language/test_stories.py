from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.language.stories import names, spans, tell

STORY = (
    "Once upon a time a yellow robot walks left in a meadow. It jumps. Then a red car drives past the robot. "
    "Night falls. The robot spins in the snow and then it moves away."
)


def test_a_story_keeps_its_cast_and_its_place() -> None:
    moments = tell(STORY)
    assert [moment.text for moment in moments] == [
        "a yellow robot walks to the left in a meadow",
        "a yellow robot jumps in a meadow",
        "a red car drives to the right past a yellow robot in a meadow",
        "a red car drives to the right past a yellow robot in a meadow at night",
        "a yellow robot spins in the snow at night",
        "a yellow robot walks away in the snow at night",
    ]
    assert [moment.goes_on for moment in moments] == [False, True, True, False, False, True]
    assert names(moments) == {"robot": "a yellow robot", "car": "a red car"}


def test_two_of_a_kind_have_two_names() -> None:
    cast = names(tell("A red dog runs left. A blue dog runs right. The red dog jumps. The blue dog jumps."))
    assert cast == {"dog": "a red dog", "blue_dog": "a blue dog"}


def test_first_and_then_are_two_prompts() -> None:
    assert spans("first a red ball rolls left, then it jumps") == ("a red ball rolls to the left", "a red ball jumps")


@pytest.mark.parametrize(
    "text",
    [
        "a red ball rolls left past a blue cube at sunset",
        "a dog runs right and then a cat appears",
        "a woman walks in Tokyo, then she dances",
        "a red ball rolls left in a meadow, then it jumps in the snow",
        "then",
    ],
)
def test_what_is_no_order_of_motions_stays_one_prompt(text: str) -> None:
    assert spans(text) == (text,)


@given(st.text())
def test_any_text_can_be_told(text: str) -> None:
    assert all(moment.text for moment in tell(text))
