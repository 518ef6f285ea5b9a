"""The same request twice is one job: the first use of a token decides (header ``Idempotency-Key``)."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, insert, select

from ozora.errors import RequestError
from ozora.server.tables import IDEMPOTENCY
from ozora.server.uploads import Upload


def fingerprint(verb: str, body: dict[str, Any]) -> str:
    """A hash of what was asked for, files included."""
    plain = {
        name: hashlib.sha256(value.data).hexdigest() if isinstance(value, Upload) else value
        for name, value in body.items()
    }
    return hashlib.sha256(repr((verb, sorted(plain.items()))).encode()).hexdigest()


def find(connection: Connection, key_id: str, token: str, body_sha256: str) -> str | None:
    """The job of a token; ``RequestError`` when the token was used for something else."""
    query = select(IDEMPOTENCY).where(IDEMPOTENCY.c.key_id == key_id, IDEMPOTENCY.c.token == token)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if row["body_sha256"] != body_sha256:
        raise RequestError(
            "this Idempotency-Key was used for another request; take a new one", code="idempotency_key_reused"
        )
    return str(row["job_id"])


def remember(connection: Connection, key_id: str, token: str, body_sha256: str, job_id: str, now: float) -> None:
    """Bind a token to its job; in the transaction that makes the job."""
    connection.execute(
        insert(IDEMPOTENCY).values(key_id=key_id, token=token, body_sha256=body_sha256, job_id=job_id, created_at=now)
    )
