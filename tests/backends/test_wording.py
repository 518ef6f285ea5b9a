from __future__ import annotations

import pytest

from ozora.backends.wording import Wording
from ozora.language.facts import Fact
from ozora.language.vocabulary import FULL, SMALL


def test_a_prompt_is_put_in_plain_words() -> None:
    assert Wording(vocabulary=FULL).sentence("A crimson sphere rolling left, in a field") == (
        "a red ball rolls to the left in a meadow by day"
    )


def test_what_is_drawn_instead_is_what_is_asked_for() -> None:
    wording = Wording(vocabulary=SMALL)
    assert "dog" in wording.sentence("a black cat")
    assert any("cat" in note for note in wording.notes("a black cat"))


def test_words_that_mean_nothing_are_left_to_the_network() -> None:
    assert Wording(vocabulary=FULL).sentence("quantum flux") == "quantum flux"


@pytest.mark.parametrize("free", [True, False])
def test_open_places_are_decided_where_nothing_is_given(free: bool) -> None:
    facts = Wording(vocabulary=FULL, free=free).statement("a red ball and a blue cube").facts
    assert (Fact(kind="relation", value="left", subject=0, object=1) in facts) == free
