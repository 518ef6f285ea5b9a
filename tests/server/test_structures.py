from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from ozora.edit.blend import CURVES
from ozora.errors import RequestError
from ozora.plan import Box
from ozora.server.structures import (
    read_board,
    read_curve,
    read_keyframes,
    read_pieces,
    read_place,
    read_preset,
    read_region,
    read_seconds,
)

CARD = {"at": 0, "text": "a ball"}


def test_structures_become_values() -> None:
    (keyframe,) = read_keyframes([{"image": "file_1", "at": "2.5"}])
    assert (keyframe.image, keyframe.at) == ("file_1", Fraction(5, 2))
    (piece,) = read_pieces([{"video": "video_1", "at": 1, "in": 0.5}])
    assert (piece.video, piece.at, piece.start, piece.end) == ("video_1", Fraction(1), Fraction(1, 2), None)
    assert read_region({"left": "0.1", "bottom": 0.7}) == Box(left=Fraction(1, 10), bottom=Fraction(7, 10))
    assert read_curve([[0, 0.3]]) == ((Fraction(0), Fraction(3, 10)),)
    assert read_preset("mix") == CURVES["mix"]
    assert read_seconds("start", "1.5") == Fraction(3, 2)
    assert read_place("x", 0.5) == Fraction(1, 2)
    assert read_board({"cards": [CARD]}).cards[0].text == "a ball"


@pytest.mark.parametrize(
    ("reader", "value", "param", "said"),
    [
        (read_keyframes, [], "keyframes", "at least 1"),
        (read_keyframes, [{"image": "file_1"}], "keyframes", "1, at: field required"),
        (read_keyframes, [{"image": "file_1", "at": -1}], "keyframes", "1, at"),
        (read_keyframes, [{"image": "file_1", "at": 0, "file": "x"}], "keyframes", "1, file"),
        (read_keyframes, [{"image": "file_1", "at": 0}] * 21, "keyframes", "at most 20"),
        (read_pieces, [{"video": "video_1", "at": "soon"}], "pieces", "1, at: give seconds"),
        (read_pieces, ["video_1"], "pieces", "1"),
        (read_region, {"left": 2}, "region", "left"),
        (read_region, {"left": "nan"}, "region", "left"),
        (read_region, {"width": 1}, "region", "width"),
        (read_curve, [[0, 0], [1]], "curve", "2"),
        (read_curve, [[0, 7]], "curve", "1, 2"),
        (read_curve, [[0.5, 0], [0.5, 1]], "curve", "must rise"),
        (lambda value: read_place("y", value), 1.5, "y", "from 0 to 1"),
        (read_preset, "zigzag", "preset", "transition, mix, sample"),
        (lambda text: read_seconds("end", text), "1e9", "end", "give seconds"),
        (read_board, {"cards": []}, "storyboard", "cards"),
        (read_board, {"cards": [{"at": 0, "crop": {"left": float("nan")}}]}, "storyboard", "card 1, crop"),
        (read_board, {"cards": [{**CARD, "crop": {"top": 1}}]}, "storyboard", "card 1, crop"),
        (read_board, {"cards": [{**CARD, "text": "x" * 2001}]}, "storyboard", "card 1, text"),
        (read_board, {"cards": [{**CARD, "camera": "x" * 2001}]}, "storyboard", "card 1, camera"),
        (read_board, {"cards": [{**CARD, "text": "@a" * 900}], "cast": {"a": "x" * 400}}, "storyboard", "card 1"),
        (read_board, {"cards": [CARD], "cast": {"a": "x" * 501}}, "storyboard", "cast"),
        (
            read_board,
            {"cards": [CARD], "cast": {"a": {"text": "x", "image": "i", "crop": {"top": 1}}}},
            "storyboard",
            "cast, a, crop",
        ),
        (read_board, {"cards": [{"at": 0, "image": "file_1"}] * 21}, "storyboard", "at most 20"),
    ],
)
def test_what_is_wrong_is_named(reader: Callable[[Any], object], value: object, param: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as refused:
        reader(value)
    assert refused.value.param == param
