from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server import characters
from ozora.server.database import Database


def test_a_character_belongs_to_its_key(database: Database) -> None:
    with database.writing() as connection:
        made = characters.add(connection, "local", name="  Mo  the cat ", file_id="file_1", now=1.0)
        assert made.name == "Mo the cat"
        assert characters.get(connection, made.id, "local") == made
        with pytest.raises(RequestError):
            characters.get(connection, made.id, "other")
        with pytest.raises(RequestError):
            characters.add(connection, "local", name=" ", file_id="file_1", now=1.0)
