from __future__ import annotations

import pytest
from sqlalchemy import select

from ozora.errors import RequestError, UnknownNameError, UserError
from ozora.server import keys
from ozora.server.database import Database
from ozora.server.keys import Limits
from ozora.server.tables import KEYS


def test_a_key_opens_until_it_is_revoked(database: Database) -> None:
    with database.writing() as connection:
        key, text = keys.create(connection, "studio", now=1.0, scopes=("read",), limits=Limits(running_jobs=2))
        assert keys.check(connection, text) == key
        assert (key.scopes, key.limits.running_jobs) == (("read",), 2)
        assert keys.revoke(connection, key.id, 2.0).revoked_at == 2.0
        with pytest.raises(RequestError, match="revoked") as refused:
            keys.check(connection, text)
    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")


def test_the_text_of_a_key_is_stored_nowhere(database: Database) -> None:
    with database.writing() as connection:
        key, text = keys.create(connection, "studio", now=1.0)
        secret = text.rsplit("_", 1)[1]
        assert secret not in str(connection.execute(select(KEYS)).all())
        assert keys.all_keys(connection) == [key]


@pytest.mark.parametrize("text", ["", "oz_", "sk-123", "oz_local_" + "0" * 48, "oz_" + "0" * 12 + "_" + "0" * 48])
def test_a_wrong_key_opens_nothing(text: str, database: Database) -> None:
    with database.reading() as connection, pytest.raises(RequestError) as refused:
        keys.check(connection, text)
    assert refused.value.status == 401


def test_a_wrong_secret_opens_nothing(database: Database) -> None:
    with database.writing() as connection:
        _, text = keys.create(connection, "studio", now=1.0)
        with pytest.raises(RequestError):
            keys.check(connection, text[:-1] + ("0" if text[-1] != "0" else "1"))


def test_what_is_not_there_is_named(database: Database) -> None:
    with database.writing() as connection:
        with pytest.raises(UnknownNameError, match="keys list"):
            keys.revoke(connection, "local", 1.0)
        with pytest.raises(UserError, match="read, write"):
            keys.create(connection, "x", now=1.0, scopes=("all",))


def test_videos_are_made_under_the_rules_of_their_key() -> None:
    assert keys.terms_of("0123456789ab").key == "0123456789ab"
