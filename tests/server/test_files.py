from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server import files
from ozora.server.database import Database


def test_a_file_belongs_to_its_key(database: Database) -> None:
    with database.writing() as connection:
        identity = files.new_id()
        file = files.add(
            connection,
            identity,
            key_id="local",
            name="a.png",
            purpose="user_data",
            media_type="image/png",
            size_bytes=3,
            now=1.0,
        )
        assert files.page(connection, "local", after=None, limit=5, ascending=True, purpose=None) == ([file], False)
        with pytest.raises(RequestError):
            files.get(connection, identity, "other")
        files.remove(connection, file)
        with pytest.raises(RequestError):
            files.get(connection, identity, "local")
