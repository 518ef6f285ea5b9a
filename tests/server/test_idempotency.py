from __future__ import annotations

import dataclasses

import pytest

from ozora.errors import RequestError
from ozora.server import idempotency, jobs
from ozora.server.database import Database
from ozora.server.idempotency import Token, token_of
from ozora.server.uploads import Upload
from tests.server.samples import draft


def test_a_token_is_bound_to_its_request(database: Database) -> None:
    token = Token(key_id="k", text="t", body_sha256="0")
    with database.writing() as connection:
        assert idempotency.find(connection, token) is None
        idempotency.remember(connection, token, "video_1", 1.0)
        assert idempotency.find(connection, token) == "video_1"
        assert idempotency.find(connection, dataclasses.replace(token, key_id="other")) is None
        with pytest.raises(RequestError, match="another request"):
            idempotency.find(connection, dataclasses.replace(token, body_sha256="1"))


def test_without_a_text_nothing_is_remembered(database: Database) -> None:
    token = token_of("k", None, "create", {})
    with database.writing() as connection:
        for _ in range(2):
            idempotency.remember(connection, token, "video_1", 1.0)
        assert idempotency.find(connection, token) is None


@pytest.mark.parametrize("text", ["", "t" * 256])
def test_a_text_has_a_length(text: str) -> None:
    with pytest.raises(RequestError, match="1 to 255"):
        token_of("k", text, "create", {})


def test_files_are_part_of_a_request() -> None:
    first, second = ({"a": Upload(name="x", data=data)} for data in (b"1", b"2"))
    assert idempotency.fingerprint("create", first) != idempotency.fingerprint("create", second)
    assert idempotency.fingerprint("create", {"a": 1, "b": 2}) == idempotency.fingerprint("create", {"b": 2, "a": 1})


def test_what_was_deleted_is_not_made_again(database: Database) -> None:
    token = Token(key_id="local", text="t", body_sha256="0")
    with database.writing() as connection:
        assert idempotency.made(connection, token, jobs.get, "video") is None
        job = jobs.add(connection, draft(), 1.0)
        idempotency.remember(connection, token, job.id, 1.0)
        assert idempotency.made(connection, token, jobs.get, "video") == job
        jobs.delete(connection, job, 2.0)
        with pytest.raises(RequestError, match="video of this Idempotency-Key was deleted") as refused:
            idempotency.made(connection, token, jobs.get, "video")
    assert (refused.value.status, refused.value.code) == (409, "deleted")
