"""Memos: a few texts under names, which all processes of an installation share through the database."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from ozora.server.tables import INSTALLATION


def find_memo(connection: Connection, name: str) -> str | None:
    """The text under a name; ``None`` when there is none."""
    text: str | None = connection.execute(select(INSTALLATION.c.value).where(INSTALLATION.c.name == name)).scalar()
    return text


def write_memo(connection: Connection, name: str, text: str) -> None:
    """Put a text under a name, in place of the one that is there."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = insert(INSTALLATION).values(name=name, value=text)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": text}))


def remove_memo(connection: Connection, name: str) -> None:
    """Leave nothing under a name."""
    connection.execute(delete(INSTALLATION).where(INSTALLATION.c.name == name))
