"""Where a page of a list goes on: behind the row that a client names, though it was deleted since."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select

from ozora.errors import RequestError


def number_of(connection: Connection, table: Table, identity: str, key_id: str) -> int:
    """The number of a key's own row; ``RequestError`` (404) when there never was one, or long ago."""
    query = select(table.c.number).where(table.c.id == identity, table.c.key_id == key_id)
    number = connection.execute(query).scalar_one_or_none()
    if number is None:
        message = f"there is no '{identity[:60]}' to go on after; begin again without 'after'"
        raise RequestError(message, status=404, code="not_found", param="after")
    return int(number)
