"""The same request twice is done once: the first use of a token decides (header ``Idempotency-Key``)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ozora.errors import RequestError, StoreError
from ozora.server.tables import IDEMPOTENCY
from ozora.server.uploads import Upload

MAX_TOKEN = 255
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a request is known by: the key that sends it, its ``text`` (``None``: it has none), and what it asks for."""

    key_id: str
    text: str | None
    body_sha256: str


def token_of(key_id: str, text: str | None, verb: str, body: dict[str, Any]) -> Token:
    """The token of a request; ``RequestError`` when its text is too long."""
    if text is not None and not 1 <= len(text) <= MAX_TOKEN:
        raise RequestError(f"an Idempotency-Key has 1 to {MAX_TOKEN} characters")
    return Token(key_id=key_id, text=text, body_sha256="" if text is None else fingerprint(verb, body))


def fingerprint(verb: str, body: dict[str, Any]) -> str:
    """A hash of what was asked for, files included."""
    plain = {
        name: hashlib.sha256(value.data).hexdigest() if isinstance(value, Upload) else value
        for name, value in body.items()
    }
    return hashlib.sha256(repr((verb, sorted(plain.items()))).encode()).hexdigest()


def find(connection: Connection, token: Token) -> str | None:
    """The id of what a token made; ``RequestError`` when the token was used for something else."""
    if token.text is None:
        return None
    query = select(IDEMPOTENCY).where(IDEMPOTENCY.c.key_id == token.key_id, IDEMPOTENCY.c.token == token.text)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if row["body_sha256"] != token.body_sha256:
        raise RequestError(
            "this Idempotency-Key was used for another request; take a new one", code="idempotency_key_reused"
        )
    return str(row["job_id"])


def remember(connection: Connection, token: Token, identity: str, now: float) -> None:
    """Bind a token to what it made; in the transaction that makes it, after ``keys.hold`` and ``find``.

    ``StoreError`` when another request did so in between: nothing is made, and the next try finds what that made.
    """
    if token.text is None:
        return
    entry = insert(IDEMPOTENCY).values(
        key_id=token.key_id,
        token=token.text,
        body_sha256=token.body_sha256,
        job_id=identity,
        created_at=now,
    )
    try:
        connection.execute(entry)
    except IntegrityError as error:
        raise StoreError("the same request is being worked on; try again in a moment") from error


def made(connection: Connection, token: Token, get: Callable[[Connection, str, str], T], what: str) -> T | None:
    """What a token made, by ``get`` of its id and key. It is not made a second time: ``RequestError`` (409) when it was
    deleted meanwhile."""
    identity = find(connection, token)
    try:
        return None if identity is None else get(connection, identity, token.key_id)
    except RequestError:
        said = f"the {what} of this Idempotency-Key was deleted; take a new one to make it again"
        raise RequestError(said, status=409, code="deleted") from None
