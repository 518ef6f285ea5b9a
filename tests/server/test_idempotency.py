from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server.database import Database
from ozora.server.idempotency import Use, fingerprint
from ozora.server.uploads import Upload


def test_a_token_is_bound_to_its_request(database: Database) -> None:
    use = Use("k", "t", "create", {"a": 0})
    with database.writing() as connection:
        assert use.find(connection) is None
        use.remember(connection, "video_1", 1.0)
        assert use.find(connection) == Use("k", "t", "create", {"a": 0}).find(connection) == "video_1"
        assert Use("other", "t", "create", {"a": 0}).find(connection) is None
        with pytest.raises(RequestError, match="another request"):
            Use("k", "t", "create", {"a": 1}).find(connection)


def test_without_a_token_every_request_is_new(database: Database) -> None:
    use = Use("k", None, "create", {})
    with database.writing() as connection:
        use.remember(connection, "video_1", 1.0)
        assert use.find(connection) is None
    for token in ("", "x" * 256):
        with pytest.raises(RequestError, match="1 to 255"):
            Use("k", token, "create", {})


def test_files_are_part_of_a_request() -> None:
    first, second = ({"a": Upload(name="x", data=data)} for data in (b"1", b"2"))
    assert fingerprint("create", first) != fingerprint("create", second)
    assert fingerprint("create", {"a": 1, "b": 2}) == fingerprint("create", {"b": 2, "a": 1})
