from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.control_characters import dump_json, escape_controls, find_control


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a red ball", "a red ball"),
        ("a\x1b[2Kb", "a\\x1b[2Kb"),
        ("a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\x9b1mb", "a\\x9b1mb"),
        ("eine Straße, 大空, مرحبا, שלום, 👩‍👩‍👧", "eine Straße, 大空, مرحبا, שלום, 👩‍👩‍👧"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_what_commands_is_written_out_and_letters_of_any_script_stay(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


def test_every_control_and_bidirectional_character_of_unicode_is_known() -> None:
    commanding = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp")
        or unicodedata.bidirectional(chr(code)) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    }
    assert not [hex(ord(one)) for one in commanding if escape_controls(one) == one]


@given(st.text())
def test_what_is_shown_is_one_line_that_can_be_encoded(text: str) -> None:
    shown = escape_controls(text)
    assert len(shown.splitlines()) <= 1
    assert find_control(shown) is None
    shown.encode()


def test_the_first_one_is_named_unless_it_is_allowed() -> None:
    assert find_control("a\nb\x1b") == "\\x0a"
    assert find_control("a\nb\x1b", allowed="\n") == "\\x1b"
    assert find_control("a\nb", allowed="\n") is None


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_is_the_same_value_and_commands_nothing(value: object) -> None:
    for indent in (None, 2):
        text = dump_json(value, indent=indent)
        assert json.loads(text) == value
        assert all(find_control(line) is None for line in text.split("\n"))


def test_json_keeps_letters_of_any_script() -> None:
    assert dump_json({"a": "大空 \x9b\u202e"}) == '{"a": "大空 \\u009b\\u202e"}'
