from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.errors import CapabilityError, PolicyError, RequestError
from ozora.server import characters
from ozora.server.characters import Character, check_likeness, introduce
from ozora.server.database import Database
from ozora.trust import audit
from ozora.trust.likeness import Consent, add_consent, revoke_consent

MO = Character(id="char_1", key_id="local", name="Mo", file_id="file_1", created_at=1.0, description="a red robot")
LI = Character(id="char_2", key_id="local", name="Li", file_id="file_2", created_at=1.0, person="Li Bai")


def test_a_character_belongs_to_its_key(database: Database) -> None:
    with database.writing() as connection:
        assert characters.add(connection, MO) == MO
        assert characters.get(connection, "char_1", "local") == MO
        with pytest.raises(RequestError):
            characters.get(connection, "char_1", "other")


def test_texts_are_tidied() -> None:
    texts = characters.describe("  Mo  the cat ", " grey ")
    assert texts == {"name": "Mo the cat", "description": "grey", "person": ""}


@pytest.mark.parametrize(
    ("texts", "param"),
    [((" ",), "name"), (("*",), "name"), (("x" * 81,), "name"), (("Mo", "x" * 501), "description")],
)
def test_texts_have_a_length(texts: tuple[str, ...], param: str) -> None:
    with pytest.raises(RequestError) as refused:
        characters.describe(*texts)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Mo jumps", "Mo jumps. Mo is a red robot."),
        ("look at mo!", "look at mo! Mo is a red robot."),
    ],
)
def test_a_prompt_says_what_a_character_is(prompt: str, said: str) -> None:
    text, notes = introduce(prompt, [MO], shown=False)
    assert text == said
    assert notes == ("Mo is painted from its description; this model cannot be shown its clip",)
    assert introduce(prompt, [MO], shown=True) == (said, ("Mo is painted from its description and its picture",))


def test_nobody_changes_nothing() -> None:
    assert introduce("a ball ", (), shown=True) == ("a ball ", ())


def test_a_prompt_names_whom_it_shows() -> None:
    with pytest.raises(RequestError, match="does not name") as refused:
        introduce("a Mohawk jumps", [MO], shown=True)
    assert refused.value.param == "prompt"
    with pytest.raises(CapabilityError, match="description"):
        introduce("Li jumps", [LI], shown=True)


def test_a_person_is_shown_while_they_consent(own_rules: Callable[[dict[str, dict[str, str]]], Path]) -> None:
    home = own_rules({})
    check_likeness([MO], home)
    with pytest.raises(PolicyError, match="no consent of Li Bai"):
        check_likeness([LI], home)
    assert audit.read(home)[-1]["data"]["character"] == "char_2"
    consent = Consent(
        person="Li Bai", scope=("local",), given_at="2026-01-01", expires_at="2999-01-01", evidence="drawer 3"
    )
    add_consent(home, consent)
    check_likeness([LI], home)
    revoke_consent(home, "Li Bai")
    with pytest.raises(PolicyError):
        check_likeness([LI], home)
