"""Characters: a name, a clip or picture that shows it, and what it looks like, to be used in later videos.

A character's description goes into the prompt; a model that can be shown how a thing looks is shown its picture too.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from ozora.errors import CapabilityError, PolicyError, RequestError
from ozora.server.tables import CHARACTERS
from ozora.trust import audit
from ozora.trust.likeness import may_show, read_consents

MAX_NAME, MAX_DESCRIPTION, MAX_PERSON = 80, 500, 200
RULE = "character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """A row of the table; its clip or picture is a file of the same key. ``person`` is the real one that it shows."""

    id: str
    key_id: str
    name: str
    file_id: str
    created_at: float
    description: str = ""
    person: str = ""

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "character",
            "created_at": int(self.created_at),
            "name": self.name,
            "description": self.description,
            "person": self.person or None,
        }


def new_id() -> str:
    return f"char_{secrets.token_hex(12)}"


def describe(name: str, description: str = "", person: str = "") -> dict[str, str]:
    """The texts of a character, tidied; ``RequestError`` names the one that is missing or too long."""
    given = {"name": (name, 1, MAX_NAME), "description": (description, 0, MAX_DESCRIPTION)}
    texts = {}
    for field, (text, least, most) in {**given, "person": (person, 0, MAX_PERSON)}.items():
        texts[field] = " ".join(text.split())
        if not least <= len(texts[field]) <= most:
            raise RequestError(f"a character's {field} must have {least} to {most} characters", param=field)
    if not any(letter.isalnum() for letter in texts["name"]):
        raise RequestError("a character's name must have a letter or digit", param="name")
    return texts


def add(connection: Connection, character: Character) -> Character:
    """Note a character whose file is in the store already."""
    connection.execute(
        insert(CHARACTERS).values(
            id=character.id,
            key_id=character.key_id,
            name=character.name,
            file_id=character.file_id,
            created_at=character.created_at,
            description=character.description,
            person=character.person,
        )
    )
    return get(connection, character.id, character.key_id)


def get(connection: Connection, identity: str, key_id: str) -> Character:
    """A key's own character; ``RequestError`` (404) otherwise."""
    query = select(CHARACTERS).where(CHARACTERS.c.id == identity, CHARACTERS.c.key_id == key_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        message = f"there is no character '{identity[:60]}'"
        raise RequestError(message, status=404, code="not_found", param="characters")
    return Character(**dict(row))


def introduce(prompt: str, cast: Sequence[Character], *, shown: bool) -> tuple[str, tuple[str, ...]]:
    """The prompt with what each of ``cast`` looks like, and a note of that for each; if ``shown``, the model sees them.

    ``RequestError`` when the prompt does not name a character, ``CapabilityError`` when one has no description.
    """
    notes = []
    for character in cast:
        if not re.search(rf"(?<!\w){re.escape(character.name)}(?!\w)", prompt, re.IGNORECASE):
            message = f"the prompt does not name the character '{character.name}'; write its name as it is"
            raise RequestError(message, param="prompt")
        if not character.description:
            raise CapabilityError(
                f"a character needs words too, and '{character.name}' has no description to be painted from; make it "
                f"again with a 'description'"
            )
        seen = "its description and its picture" if shown else "its description; this model cannot be shown its clip"
        notes.append(f"{character.name} is painted from {seen}")
    said = "".join(f" {character.name} is {character.description.rstrip('. ')}." for character in cast)
    return (f"{prompt.rstrip()}{_stop(prompt)}{said}" if said else prompt), tuple(notes)


def check_likeness(cast: Sequence[Character], home: Path) -> None:
    """``PolicyError`` when one is a real person who does not, or no longer, consent to be shown by its key."""
    consents = read_consents(home)
    for character in cast:
        if character.person and not may_show(consents, character.person, character.key_id):
            decision = {"verdict": "refuse", "rule": RULE, "category": "people", "key": character.key_id}
            audit.append(home, "decided", {**decision, "character": character.id})
            raise PolicyError(
                f"this is refused: no consent of {character.person} holds for this key now (rule {RULE}); "
                f"a real person is shown only with a record of consent"
            )


def _stop(text: str) -> str:
    return "" if text.rstrip()[-1:] in ".!?" else "."
