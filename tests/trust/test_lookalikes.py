from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path

import confusable_homoglyphs
import pytest

from ozora.trust.lookalikes import TABLE, plain_letters

NAMED = re.compile(
    r"LATIN LETTER SMALL CAPITAL ([A-Z])"
    r"|LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH .+"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])"
    r"|REGIONAL INDICATOR SYMBOL LETTER ([A-Z])"
)

OURS = {"\u0138": "k", "\u03b5": "e", "\u044c": "b"}  # kra, epsilon, soft sign: near enough to be read so


def make_table() -> dict[str, set[str]]:
    """From the data of Unicode 15 in the package ``confusable-homoglyphs``, and from Unicode's names."""
    found = dict(OURS)
    data = json.loads((Path(confusable_homoglyphs.__file__).parent / "confusables.json").read_text(encoding="utf-8"))
    for twin, looks in data.items():
        letters = [look["c"] for look in looks if look["c"].isascii() and look["c"].isalnum() and len(look["c"]) == 1]
        if letters and len(twin) == 1:
            found[twin] = letters[0].lower()
    for code in range(128, 0x1F200):
        named = NAMED.fullmatch(unicodedata.name(chr(code), ""))
        if named is not None:
            found[chr(code)] = next(letter for letter in named.groups() if letter).lower()
    for twin, looks in data.items():  # what looks like one of those, such as small letters of Cyrillic
        through = [found[look["c"]] for look in looks if look["c"] in found and not look["c"].isascii()]
        if len(twin) == 1 and twin not in found and through:
            found[twin] = through[0]
    table: dict[str, set[str]] = {}
    for twin, letter in found.items():
        if not twin.isascii() and not unicodedata.normalize("NFKD", twin)[0].isascii():
            table.setdefault(letter, set()).add(twin)
    return table


def test_the_table_is_what_unicode_says() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert {line[0]: set(line[2:]) for line in lines} == make_table()


@pytest.mark.parametrize(
    "text",
    [
        "naked",
        "n\u0430k\u0435d",  # Cyrillic
        "\U0001d427\U0001d41a\U0001d424\U0001d41e\U0001d41d",  # mathematical bold
        "\uff4e\uff41\uff4b\uff45\uff44",  # full width
        "\u0274\u1d00\u1d0b\u1d07\u1d05",  # small capitals
        "\U0001f17d\U0001f170\U0001f17a\U0001f174\U0001f173",  # black squares
        "\u24dd\u24d0\u24da\u24d4\u24d3",  # circles
        "\U0001f1f3\U0001f1e6\U0001f1f0\U0001f1ea\U0001f1e9",  # flags
        "n\u0336a\u0336k\u0336e\u0336d\u0336",  # struck through
        "\u0578a\u043a\u0435\u0501",  # Armenian and Cyrillic
    ],
)
def test_what_looks_like_a_word_is_it(text: str) -> None:
    assert plain_letters(text).casefold() == "naked"


@pytest.mark.parametrize("gap", "\u00ad\u034f\u115f\u17b4\u200b\u2060\u2800\u3164\ufe0f\ufeff\uffa0\U000e0061\x07")
def test_what_is_not_seen_is_not_a_letter(gap: str) -> None:
    assert plain_letters(f"na{gap}ked").replace("\0", "") == "naked"


def test_every_space_is_one() -> None:
    assert plain_letters("a\u00a0b\u2003c\u3000d\u205fe") == "a b c d e"


if __name__ == "__main__":  # writes the table again, below its first lines: python -m tests.trust.test_lookalikes
    head = "".join(line for line in TABLE.read_text(encoding="utf-8").splitlines(True) if line.startswith("#"))
    body = "".join(f"{letter} {''.join(sorted(twins))}\n" for letter, twins in sorted(make_table().items()))
    TABLE.write_text(head + body, encoding="utf-8")
    sys.exit(0)
