from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server import idempotency
from ozora.server.database import Database
from ozora.server.uploads import Upload


def test_a_token_is_bound_to_its_request(database: Database) -> None:
    with database.writing() as connection:
        assert idempotency.find(connection, "k", "t", "0") is None
        idempotency.remember(connection, "k", "t", "0", "video_1", 1.0)
        assert idempotency.find(connection, "k", "t", "0") == "video_1"
        assert idempotency.find(connection, "other", "t", "0") is None
        with pytest.raises(RequestError, match="another request"):
            idempotency.find(connection, "k", "t", "1")


def test_files_are_part_of_a_request() -> None:
    first, second = ({"a": Upload(name="x", data=data)} for data in (b"1", b"2"))
    assert idempotency.fingerprint("create", first) != idempotency.fingerprint("create", second)
    assert idempotency.fingerprint("create", {"a": 1, "b": 2}) == idempotency.fingerprint("create", {"b": 2, "a": 1})
