from __future__ import annotations

import pytest

from ozora.language.cast import ACTS, CAST, LARGE, MANNERS, OPEN_AIR
from ozora.language.vocabulary import PLACES


def test_there_are_120_members_in_a_fixed_order() -> None:
    """Trained weights know the cast by these numbers."""
    names = list(CAST)
    assert len(names) == 120
    assert (names[0], names[1], names[-1]) == ("brown horse", "white horse", "poppy bush")


def test_members_do_what_the_language_can_say() -> None:
    for name, member in CAST.items():
        assert set(member.gaits) <= set(MANNERS) and set(member.acts) <= set(ACTS), name
        assert member.name == name and member.noun and member.plural and 0.3 < member.height < 4.0
        assert member.places and set(member.places) <= set(PLACES)
        assert not (member.acts and member.family in ("building", "plant"))
    assert set(LARGE) <= {member.noun for member in CAST.values()}


def test_what_swims_or_sails_is_at_sea_and_what_is_large_is_outside() -> None:
    assert CAST["shark"].places == CAST["rowboat"].places == ("sea",)
    assert CAST["castle"].places == CAST["elephant"].places == OPEN_AIR
    assert "room" in CAST["old man"].places


def test_verbs() -> None:
    assert (CAST["shark"].verb, CAST["rowboat"].verb, CAST["castle"].verb) == ("swim", "sail", "slide")
    assert CAST["rowboat"].moves and not CAST["castle"].moves


@pytest.mark.parametrize(
    ("name", "color", "one", "many"),
    [
        ("woman in a dress", "red", "woman in a red dress", "women in a red dress"),
        ("woman in a dress", "orange", "woman in an orange dress", "women in an orange dress"),
        ("soldier", "blue", "soldier in blue", "soldiers in blue"),
        ("lion", "", "lion", "lions"),
    ],
)
def test_names_with_colors(name: str, color: str, one: str, many: str) -> None:
    assert CAST[name].called(color) == one
    assert CAST[name].called(color, plural=True).split(" in ")[0] == many.split(" in ")[0]
