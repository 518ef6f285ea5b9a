from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ozora.edit.storyboard import board_schema, parse_board, read_board, storyboard
from ozora.errors import SizeError, UserError
from ozora.media import write_image
from ozora.plan import Box, ClipCondition, ImageCondition, ReferenceCondition
from ozora.shapes import VideoShape
from tests.edit.clips import make_clip

SHAPE = VideoShape(frames=1, height=64, width=96, fps=Fraction(12))
CAST = {"robot": "a small yellow robot"}


def lay_out(*cards: dict[str, Any], folder: Path = Path()) -> Any:
    return storyboard(parse_board({"cards": cards, "cast": CAST}), SHAPE, folder=folder)


def test_cards_that_touch_are_cut_and_gaps_are_written() -> None:
    layout = lay_out(
        {"at": 0, "text": "@robot in a meadow", "camera": "the camera pans left"},
        {"at": 2, "duration": 1, "text": "@robot in the snow"},
        {"at": 4.5, "text": "a red house"},
    )
    assert [(p.text, p.start_s, p.end_s, p.enter) for p in layout.prompts] == [
        ("a small yellow robot in a meadow, the camera pans left", 0, 2, ""),
        ("a small yellow robot in the snow", 2, 3, "cut"),
        ("a small yellow robot in the snow, then a red house", 3, Fraction(9, 2), ""),
        ("a red house", Fraction(9, 2), Fraction(17, 2), ""),
    ]
    assert layout.shape.frames == 102


def test_a_transition_may_be_chosen() -> None:
    cut, written, soft = lay_out(
        {"at": 0, "duration": 1, "text": "a"},
        {"at": 2, "text": "b", "transition": "cut"},
        {"at": 3, "text": "c", "transition": "write"},
        {"at": 4, "text": "d", "transition": "dissolve"},
    ).prompts[1:]
    assert (cut.enter, written.enter, soft.enter) == ("cut", "", "dissolve")
    assert cut.start_s == 2, "the card before holds until the cut"


def test_pictures_and_clips_are_given_at_their_times(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", 24)
    write_image(np.zeros((64, 96, 3), np.uint8), tmp_path / "i.png")
    layout = lay_out(
        {"at": 0, "text": "a", "image": "i.png", "crop": {"left": 0.5}},
        {"at": 2, "video": "a.mp4", "in": 0.5, "out": 1.5},
        folder=tmp_path,
    )
    picture, clip = layout.conditions
    assert isinstance(picture, ImageCondition) and isinstance(clip, ClipCondition)
    assert (picture.frame, picture.crop) == (0, Box(left=Fraction(1, 2)))
    assert (clip.frame, clip.start_s, clip.end_s) == (24, Fraction(1, 2), Fraction(3, 2))
    assert layout.prompts[1].text == "a", "a card without words goes on with those before"


def test_a_picture_of_the_cast_is_shown_where_a_card_speaks_of_them(tmp_path: Path) -> None:
    write_image(np.zeros((64, 96, 3), np.uint8), tmp_path / "robot.png")
    look = {"text": "a small yellow robot", "image": "robot.png", "crop": {"left": 0.5}}
    cards = [
        {"at": 0, "text": "@robot in a meadow"},
        {"at": 2, "text": "a house"},
        {"at": 3, "text": "@robot and @robot"},
        {"at": 4},
    ]
    board = parse_board({"cards": cards, "cast": {"robot": look, "dog": "a dog"}})
    layout = storyboard(board, SHAPE, folder=tmp_path)
    assert layout.prompts[0].text == "a small yellow robot in a meadow"
    assert all(isinstance(item, ReferenceCondition) for item in layout.conditions)
    assert [(item.start_s, item.end_s) for item in layout.conditions] == [(0, 2), (3, 4), (4, 8)]  # type: ignore[union-attr]
    assert {item.crop for item in layout.conditions} == {Box(left=Fraction(1, 2))}


@pytest.mark.parametrize(
    ("board", "says"),
    [
        ({"cards": []}, "cards"),
        ({"cards": [{"text": "a"}]}, "card 1, at: it is missing"),
        ({"cards": [{"at": 0, "text": "a", "colour": "red"}]}, "card 1, colour: there is no such field"),
        ({"cards": [{"at": "soon", "text": "a"}]}, "card 1, at: give seconds"),
        ({"cards": [{"at": "1e999999999", "text": "a"}]}, "card 1, at: give seconds"),
        ({"cards": [{"at": -1, "text": "a"}]}, "card 1, at"),
        ({"cards": [{"at": 1, "text": "a"}]}, "the first card is at 0"),
        ({"cards": [{"at": 0}]}, "card 1, text: it is empty"),
        (
            {"cards": [{"at": 0, "duration": 3, "text": "a"}, {"at": 2, "text": "b"}]},
            "card 1: it lasts to 3 s and over",
        ),
        ({"cards": [{"at": 0, "text": "a"}, {"at": 0, "text": "b"}]}, "card 1: it has no time"),
        ({"cards": [{"at": 0, "text": "@robt"}], "cast": CAST}, "@robt is not in the cast; there is @robot"),
        ({"cards": [{"at": 0, "text": "a", "transition": "wipe"}]}, "card 1, transition"),
        ({"cards": [{"at": 0, "text": "a", "image": "none.png"}]}, "card 1: none.png does not exist"),
        ({"cards": [{"at": 0, "text": "a", "image": "a", "video": "b"}]}, "give one of them"),
        (
            {"cards": [{"at": 0, "text": "@a"}], "cast": {"a": {"text": "a dog", "image": "none.png"}}},
            "cast, a: none.png does not exist",
        ),
        ({"cards": [{"at": 0, "text": "@a"}], "cast": {"a": {"image": "a.png"}}}, "cast, a, text: it is missing"),
        ({"cards": [{"at": 0, "text": "@a"}], "cast": {"a": 3}}, "cast, a: give"),
        ([1, 2], "cards: give fields by name"),
        ({"cards": 3}, "cards: give a list, such as"),
        ({"cards": [3]}, "card 1: give fields by name"),
    ],
)
def test_a_wrong_field_is_named(board: Any, says: str) -> None:
    with pytest.raises(UserError) as caught:
        storyboard(parse_board(board), SHAPE)
    assert says in str(caught.value)


def test_what_is_shown_at_one_time_is_refused(tmp_path: Path) -> None:
    """Before anything is painted, by the number of the card."""
    make_clip(tmp_path / "a.mp4", 24)
    write_image(np.zeros((64, 96, 3), np.uint8), tmp_path / "a.png")
    clip, still = {"at": 0, "text": "a", "video": "a.mp4"}, {"at": 1, "text": "b", "image": "a.png"}
    with pytest.raises(SizeError, match="card 2: what is shown before it lasts to 2 s"):
        lay_out(clip, still, folder=tmp_path)
    with pytest.raises(SizeError, match="card 1: its video is longer than the board"):
        lay_out({**clip, "duration": 1}, folder=tmp_path)
    lay_out({**clip, "out": 1}, still, folder=tmp_path)


def test_yaml_and_json_are_read_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("cards:\n- {at: 0, text: a red ball}\n")
    (tmp_path / "a.json").write_text(json.dumps({"cards": [{"at": 0, "text": "a red ball"}]}))
    assert read_board(tmp_path / "a.yaml") == read_board(tmp_path / "a.json")
    (tmp_path / "b.yaml").write_text("cards: [")
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "d.yaml").write_text("cards: !!python/object/apply:os.system ['true']")
    for name in ("b.yaml", "c.yaml", "d.yaml", "none.yaml"):
        with pytest.raises(UserError, match=name):
            read_board(tmp_path / name)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda item: st.lists(item) | st.dictionaries(st.text(), item))
)
def test_any_data_is_a_board_or_refused(data: Any) -> None:
    with pytest.raises(UserError):
        parse_board({"cards": data})


def test_the_published_schema_is_this_one() -> None:
    schema = board_schema()
    assert json.loads((Path(__file__).parents[2] / "docs" / "storyboard.schema.json").read_text()) == schema
    check = Draft202012Validator(schema)
    check.validate({"cards": [{"at": 0, "text": "a", "in": 1.5, "out": "5/2", "transition": "cut"}], "cast": CAST})
    assert not check.is_valid({"cards": [{"at": 0, "tekst": "a"}]})
