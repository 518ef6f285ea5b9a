from __future__ import annotations

import json

import pytest
import torch

from ozora.model.text import BYTES_A_WORD, PAD, UNKNOWN, TextConfig, TextEncoder, split, tokenize

CONFIG = TextConfig(words=("red", "ball", "rolls"), length=6, width=16, layers=2, heads=2)


def encode(*texts: str) -> torch.Tensor:
    torch.manual_seed(0)
    result: torch.Tensor = TextEncoder(CONFIG)(*tokenize(list(texts), CONFIG))
    return result


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Red, red BALL!", ["a", "red", "red", "ball"]),
        ("snake_case it's 2x", ["snake", "case", "it", "s", "2x"]),
        ("Über naïve Straße 東京 мяч", ["über", "naïve", "straße", "東京", "мяч"]),
        ("🎈🎈 👩‍🚀 … — \u200b\n\t", []),
        ("", []),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_words_of_the_table_have_their_index() -> None:
    words, _ = tokenize(["rolls ball red", ""], CONFIG)
    assert words.tolist() == [[4, 3, 2, PAD, PAD, PAD], [PAD] * 6]


def test_unknown_words_differ_by_their_letters() -> None:
    words, letters = tokenize(["blue bleu"], CONFIG)
    assert words[0, :2].tolist() == [UNKNOWN, UNKNOWN]
    assert letters[0, 0].tolist() != letters[0, 1].tolist()
    assert sorted(letters[0, 0, :4] % 256) == sorted(letters[0, 1, :4] % 256) or letters[0, 0, 0] == letters[0, 1, 0]


def test_letters_know_their_place() -> None:
    _, letters = tokenize(["aa"], CONFIG)
    first, second = letters[0, 0, :2].tolist()
    assert second - first == 256
    assert letters[0, 0, 2:].eq(0).all()


def test_overlong_prompts_and_words_are_cut() -> None:
    words, letters = tokenize(["red " * 1000 + "ball", "z" * 5000, "日" * 50], CONFIG)
    assert words[0].tolist() == [2] * 6
    assert letters[1, 0].gt(0).all() and letters.shape == (3, 6, BYTES_A_WORD)
    assert letters.max() <= 256 * BYTES_A_WORD


def test_the_last_byte_has_an_entry() -> None:
    letters = torch.full((1, CONFIG.length, BYTES_A_WORD), 256 * BYTES_A_WORD)
    assert TextEncoder(CONFIG)(torch.zeros(1, CONFIG.length, dtype=torch.long), letters).isfinite().all()


def test_states_are_finite_for_whatever_is_typed() -> None:
    states = encode("", "🎈", "a red ball", "xyzzy " * 50, "مرحبا \0 \ud7ff")
    assert states.shape == (5, 6, 16)
    assert states.isfinite().all()


def test_a_prompt_is_read_alike_alone_and_in_a_batch() -> None:
    torch.testing.assert_close(encode("a red ball")[0], encode("xyzzy", "a red ball", "")[1])


def test_unknown_words_and_their_order_are_told_apart() -> None:
    states = encode("blue", "bleu", "red ball", "ball red")
    assert not torch.allclose(states[0], states[1], atol=1e-4)
    assert not torch.allclose(states[2], states[3], atol=1e-4)


def test_config_survives_json() -> None:
    assert TextConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG
