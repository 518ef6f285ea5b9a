from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.control_characters import escape_controls, find_control


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
