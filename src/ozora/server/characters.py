"""Characters: a name and a clip that shows it, to be used in later videos."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from ozora.errors import RequestError
from ozora.server.tables import CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """A row of the table; the clip is a file of the same key."""

    id: str
    key_id: str
    name: str
    file_id: str
    created_at: float

    def to_wire(self) -> dict[str, Any]:
        return {"id": self.id, "object": "character", "created_at": int(self.created_at), "name": self.name}


def add(connection: Connection, key_id: str, *, name: str, file_id: str, now: float) -> Character:
    """A new character; its name is 1 to 80 characters."""
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 80:
        raise RequestError("a character's name must have 1 to 80 characters", param="name")
    identity = f"char_{secrets.token_hex(12)}"
    connection.execute(
        insert(CHARACTERS).values(id=identity, key_id=key_id, name=clean, file_id=file_id, created_at=now)
    )
    return get(connection, identity, key_id)


def get(connection: Connection, identity: str, key_id: str) -> Character:
    """A key's own character; ``RequestError`` (404) otherwise."""
    query = select(CHARACTERS).where(CHARACTERS.c.id == identity, CHARACTERS.c.key_id == key_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise RequestError(f"there is no character '{identity[:60]}'", status=404, code="not_found")
    return Character(**dict(row))
