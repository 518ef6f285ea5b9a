"""Keys of the API: who may ask for what, and how much. Only the hash of a key is stored.

A key is ``oz_<id>_<secret>``. Its secret has 192 random bits, so that one round of SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ozora.errors import RequestError, UnknownNameError, UserError
from ozora.server.tables import KEYS
from ozora.trust.publish import Terms

PREFIX = "oz_"
LOCAL = "local"
SCOPES = ("read", "write", "webhooks")
"""``read``: look at videos, files, batches; ``write``: make and delete them; ``webhooks``: manage endpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a key may use: requests that change something a minute, jobs painted at once, seconds of video a day."""

    requests_a_minute: int = 600
    running_jobs: int = 4
    seconds_a_day: float = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is stored, without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    limits: Limits
    created_at: float
    revoked_at: float | None


NO_LIMITS = Limits(requests_a_minute=1_000_000, running_jobs=1_000_000, seconds_a_day=1e12)
LOCAL_KEY = Key(id=LOCAL, name="this machine", scopes=SCOPES, limits=NO_LIMITS, created_at=0.0, revoked_at=None)


def create(
    connection: Connection, name: str, *, now: float, scopes: tuple[str, ...] = SCOPES, limits: Limits | None = None
) -> tuple[Key, str]:
    """A new key and its text, which is shown once and stored nowhere."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise UserError(f"there is no scope {' '.join(unknown) or 'at all'}; there are: {', '.join(SCOPES)}")
    identity, secret = secrets.token_hex(6), secrets.token_hex(24)
    wanted = limits or Limits()
    connection.execute(
        insert(KEYS).values(
            id=identity,
            name=name,
            hash=_hash(secret),
            scopes=list(scopes),
            requests_a_minute=wanted.requests_a_minute,
            running_jobs=wanted.running_jobs,
            seconds_a_day=wanted.seconds_a_day,
            created_at=now,
            served_at=0.0,
        )
    )
    return _find(connection, identity), f"{PREFIX}{identity}_{secret}"


def all_keys(connection: Connection) -> list[Key]:
    """Every key but that of this machine, oldest first."""
    rows = connection.execute(select(KEYS).where(KEYS.c.id != LOCAL).order_by(KEYS.c.created_at)).mappings()
    return [_key_of(dict(row)) for row in rows]


def revoke(connection: Connection, identity: str, now: float) -> Key:
    """End a key. What it queued is still painted. ``UnknownNameError`` when there is no such key."""
    key = _find(connection, identity)
    connection.execute(update(KEYS).where(KEYS.c.id == identity, KEYS.c.revoked_at.is_(None)).values(revoked_at=now))
    return _find(connection, key.id)


def check(connection: Connection, text: str) -> Key:
    """The key of a text; ``RequestError`` (401) when it is unknown, wrong or revoked."""
    match = re.fullmatch(rf"{PREFIX}([0-9a-f]{{12}})_([0-9a-f]{{48}})", text)
    row = connection.execute(select(KEYS).where(KEYS.c.id == match[1])).mappings().first() if match else None
    if match is None or row is None or not hmac.compare_digest(str(row["hash"]), _hash(match[2])):
        raise RequestError(
            "the API key is wrong; `ozora keys create` makes one, `ozora keys local` prints that of this machine",
            status=401,
            code="invalid_api_key",
        )
    if row["revoked_at"] is not None:
        raise _revoked()
    return _key_of(dict(row))


def hold(connection: Connection, identity: str) -> None:
    """Be the only transaction that counts or adds what belongs to a key, until this one ends; others wait.

    Whoever checks what a key has and then adds to it calls this first: PostgreSQL shows two transactions at once the
    same count, and neither what the other adds. SQLite has one writer at a time anyway. ``RequestError`` (401) when the
    key was revoked meanwhile.
    """
    query = select(KEYS.c.revoked_at).where(KEYS.c.id == identity).with_for_update(key_share=True)
    row = connection.execute(query).first()
    if row is not None and row.revoked_at is not None:
        raise _revoked()


def hold_all(connection: Connection, identity: str) -> None:
    """As ``hold``, and be the only one that counts what belongs to all keys together, too."""
    hold(connection, identity)
    hold(connection, LOCAL)  # a row that is always there, and always the last that is locked


def terms_of(identity: str) -> Terms:
    """Under what the videos of a key are made: ``trust.json`` and consents name a key by its id, or "local"."""
    return Terms(key=identity)


def ensure_local(connection: Connection) -> None:
    """The row that the jobs of this machine's own user belong to."""
    if connection.execute(select(KEYS.c.id).where(KEYS.c.id == LOCAL)).first() is None:
        connection.execute(
            insert(KEYS).values(
                id=LOCAL,
                name=LOCAL_KEY.name,
                hash="",
                scopes=list(SCOPES),
                requests_a_minute=NO_LIMITS.requests_a_minute,
                running_jobs=NO_LIMITS.running_jobs,
                seconds_a_day=NO_LIMITS.seconds_a_day,
                created_at=0.0,
                served_at=0.0,
            )
        )


def _revoked() -> RequestError:
    return RequestError("the API key was revoked; ask for another", status=401, code="invalid_api_key")


def _find(connection: Connection, identity: str) -> Key:
    row = connection.execute(select(KEYS).where(KEYS.c.id == identity, KEYS.c.id != LOCAL)).mappings().first()
    if row is None:
        raise UnknownNameError(f"there is no key '{identity}'; `ozora keys list` shows those that there are")
    return _key_of(dict(row))


def _key_of(row: dict[str, Any]) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        scopes=tuple(row["scopes"]),
        limits=Limits(
            requests_a_minute=row["requests_a_minute"],
            running_jobs=row["running_jobs"],
            seconds_a_day=row["seconds_a_day"],
        ),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
