from __future__ import annotations

from collections.abc import Collection

from ozora.language.lexicon import STAND_INS, forms, tokens
from ozora.language.vocabulary import COLORS, NOUNS, PLACES, SIZES, TIMES, WEATHERS


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokens(text)]


def test_the_longest_phrase_wins() -> None:
    assert kinds("to the left of") == [("relation", "left")]
    assert kinds("to the left") == [("way", "left")]
    assert kinds("into the distance") == [("way", "away")]
    assert kinds("in a green meadow") == [("place", "meadow")]
    assert kinds("falls from the sky") == [("motion", "fall")]


def test_words_are_kept_as_typed_and_fillers_dropped() -> None:
    found = tokens("It is the Tokyo's Gizmo")
    assert [(token.word, token.kind) for token in found] == [
        ("the", "article"),
        ("Tokyo", "place"),
        ("Gizmo", "unknown"),
    ]
    assert tokens("") == []


def test_forms_of_verbs() -> None:
    assert forms("run") == ("run", "runs", "running")
    assert forms("fly") == ("fly", "flies", "flying")
    assert forms("slide") == ("slide", "slides", "sliding")
    assert forms("take off") == ("take off", "takes off", "taking off")


def test_every_stand_in_is_a_word_of_the_stage() -> None:
    stage: dict[str, Collection[str]] = {
        "noun": NOUNS,
        "color": COLORS,
        "size": SIZES,
        "place": PLACES,
        "time": TIMES,
        "weather": WEATHERS,
    }
    for kind, table in STAND_INS.items():
        assert set(table) <= set(stage[kind])


def test_no_stand_in_hides_a_word_of_the_stage() -> None:
    stage = {*NOUNS, *COLORS, *SIZES, *(word for noun in NOUNS.values() for word in noun.synonyms)}
    for table in STAND_INS.values():
        for words in table.values():
            assert not stage & set(words)
