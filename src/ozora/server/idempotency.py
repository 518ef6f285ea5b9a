"""The same request twice is one thing: the first use of a token decides (header ``Idempotency-Key``)."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, insert, select

from ozora.errors import RequestError
from ozora.server.tables import IDEMPOTENCY
from ozora.server.uploads import Upload

MAX_TOKEN = 255


def fingerprint(verb: str, body: dict[str, Any]) -> str:
    """A hash of what was asked for, files included."""
    plain = {
        name: hashlib.sha256(value.data).hexdigest() if isinstance(value, Upload) else value
        for name, value in body.items()
    }
    return hashlib.sha256(repr((verb, sorted(plain.items()))).encode()).hexdigest()


class Use:
    """One use of a token, if the request has one; ``RequestError`` when it is too long."""

    def __init__(self, key_id: str, token: str | None, verb: str, body: dict[str, Any]) -> None:
        if token is not None and not 1 <= len(token) <= MAX_TOKEN:
            raise RequestError(f"an Idempotency-Key has 1 to {MAX_TOKEN} characters")
        self._key_id, self._token = key_id, token
        self._body_sha256 = "" if token is None else fingerprint(verb, body)

    def find(self, connection: Connection) -> str | None:
        """The id of what the token made before; ``RequestError`` when that was something else."""
        query = select(IDEMPOTENCY).where(IDEMPOTENCY.c.key_id == self._key_id, IDEMPOTENCY.c.token == self._token)
        row = None if self._token is None else connection.execute(query).mappings().first()
        if row is None:
            return None
        if row["body_sha256"] != self._body_sha256:
            raise RequestError(
                "this Idempotency-Key was used for another request; take a new one", code="idempotency_key_reused"
            )
        return str(row["job_id"])

    def remember(self, connection: Connection, identity: str, now: float) -> None:
        """Bind the token to what was made; in the transaction that makes it."""
        if self._token is not None:
            connection.execute(
                insert(IDEMPOTENCY).values(
                    key_id=self._key_id,
                    token=self._token,
                    body_sha256=self._body_sha256,
                    job_id=identity,
                    created_at=now,
                )
            )
