from __future__ import annotations

from typing import Any

import pytest

from ozora.errors import RequestError
from ozora.server.fields import FIELDS, READERS, read
from ozora.server.uploads import Upload


def test_values_get_their_types() -> None:
    body = {"prompt": "a ball", "seconds": 4, "seed": "7", "guidance_scale": "2.5", "size": None}
    assert read("create", body) == {"prompt": "a ball", "seconds": "4", "seed": 7, "guidance_scale": 2.5}


def test_a_storyboard_needs_no_prompt() -> None:
    assert read("create", {"storyboard": {"cards": []}}) == {"storyboard": {"cards": []}}


def test_large_seeds_keep_every_digit() -> None:
    assert read("create", {"prompt": "x", "seed": str(2**63 - 1)})["seed"] == 2**63 - 1


def test_structure_may_come_as_one_field_of_json() -> None:
    body: dict[str, Any] = {"prompt": "x", "characters": '[{"id": "char_1"}]', "input_reference": '{"file_id": "f"}'}
    values = read("create", body)
    assert values["characters"] == [{"id": "char_1"}]
    assert values["input_reference"] == {"file_id": "f"}


def test_files_stay_files() -> None:
    upload = Upload(name="a.mp4", data=b"x")
    assert read("character", {"name": "Mo", "video": upload})["video"] is upload


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_parameter", "prompt"),
        ({"prompt": "x", "promt": "y"}, "unknown_parameter", "promt"),
        ({"prompt": ["x"]}, "invalid_value", "prompt"),
        ({"prompt": "x", "seed": "one"}, "invalid_value", "seed"),
        ({"prompt": "x", "seed": "0" * 5000 + "1"}, "invalid_value", "seed"),
        ({"prompt": "x", "seed": 1.5}, "invalid_value", "seed"),
        ({"prompt": "x", "seed": True}, "invalid_value", "seed"),
        ({"prompt": "x", "guidance_scale": "nan"}, "invalid_value", "guidance_scale"),
        ({"prompt": "x", "seconds": "4" * 21}, "invalid_value", "seconds"),
        ({"prompt": "x", "model": "sora-2-20" + "x" * 99}, "invalid_value", "model"),
        ({"prompt": "x\0"}, "invalid_value", None),
        ({"prompt": "\ud800"}, "invalid_value", None),
        ({"prompt": "x", "\ud800": 1}, "invalid_value", None),
        ({"prompt": "x", "characters": [{"id": "\ud800"}]}, "invalid_value", None),
        ({"prompt": "x", "characters": "[["}, "invalid_value", "characters"),
        ({"prompt": "x", "characters": r'["\ud800"]'}, "invalid_value", None),
        ({"storyboard": r'{"cards": "\u0000"}'}, "invalid_value", None),
        ({"prompt": "x", "input_reference": "ball.png"}, "invalid_value", "input_reference"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], code: str, param: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        read("create", body)
    assert (refused.value.code, refused.value.param) == (code, param)


def test_every_kind_can_be_read() -> None:
    assert {field.kind for fields in FIELDS.values() for field in fields.values()} == set(READERS)


def test_nesting_has_a_limit() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RequestError, match="nested"):
        read("create", {"prompt": "x", "characters": deep})


def test_every_example_can_be_read() -> None:
    for verb, fields in FIELDS.items():
        values = read(verb, {name: field.example for name, field in fields.items()})
        assert set(values) == set(fields)
