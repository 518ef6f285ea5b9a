from __future__ import annotations

import pytest

from ozora.trust.lemma import find_lemmas


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("torture", "Tortured"),
        ("behead", "beheading"),
        ("children", "CHILDREN'S"),
        ("naked", "n4ked"),
        ("naked", "na\u200bked"),
        ("cafe", "café"),
        ("kid", "kids"),
        ("nude", "nudes"),
        ("strip", "stripping"),
        ("self-harm", "self harm"),
    ],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert find_lemmas(one) == find_lemmas(other)


@pytest.mark.parametrize(("one", "other"), [("rape", "rapping"), ("kiss", "kis"), ("glass", "glas"), ("12", "i2")])
def test_other_words_do_not(one: str, other: str) -> None:
    assert find_lemmas(one) != find_lemmas(other)


def test_order_and_numbers_are_kept() -> None:
    assert find_lemmas("3 red balls, 2 cubes") == ("3", "red", "ball", "2", "cube")
    assert find_lemmas("") == ()
