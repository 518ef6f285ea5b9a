"""Files that a key sent: pictures to begin with, lists of requests, clips of characters."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ozora.errors import DamageError, RequestError, StoreError
from ozora.server.cursors import number_of
from ozora.server.database import Database
from ozora.server.logs import LOGGER
from ozora.server.seals import Seal, seal_of
from ozora.server.store import Store
from ozora.server.tables import FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A row of the table; ``path`` is where the bytes are in the store."""

    number: int
    id: str
    key_id: str
    name: str
    purpose: str
    media_type: str
    size_bytes: int
    path: str
    created_at: float
    deleted_at: float | None
    sha256: str

    @property
    def seal(self) -> Seal:
        return Seal(size_bytes=self.size_bytes, sha256=self.sha256)

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.size_bytes,
            "created_at": int(self.created_at),
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        }


def new_id() -> str:
    return f"file_{secrets.token_hex(12)}"


def path_of(identity: str) -> str:
    return f"files/{identity}"


@contextlib.contextmanager
def keeping(database: Database, store: Store, identity: str, data: bytes) -> Iterator[Seal]:
    """Give the seal of a file whose bytes are in the store for the block that notes it; they go again when it does not.

    What cannot be asked or removed now is left to ``orphans``.
    """
    store.write(path_of(identity), data)
    try:
        yield seal_of(data)
    finally:
        if not _may_be_noted(database, identity):
            with contextlib.suppress(StoreError):
                store.remove(path_of(identity))


def _may_be_noted(database: Database, identity: str) -> bool:
    try:
        with database.reading() as connection:
            return connection.execute(select(FILES.c.number).where(FILES.c.id == identity)).first() is not None
    except StoreError:
        return True


def add(
    connection: Connection,
    identity: str,
    *,
    key_id: str,
    name: str,
    purpose: str,
    media_type: str,
    seal: Seal,
    now: float,
) -> StoredFile:
    """Note a file whose bytes are in the store already."""
    connection.execute(
        insert(FILES).values(
            id=identity,
            key_id=key_id,
            name=name,
            purpose=purpose,
            media_type=media_type,
            size_bytes=seal.size_bytes,
            path=path_of(identity),
            created_at=now,
            sha256=seal.sha256,
        )
    )
    return get(connection, identity, key_id)


def read_bytes(store: Store, file: StoredFile) -> bytes:
    """The bytes of a file as they came; ``DamageError`` when they are others now, or gone."""
    with _there(file):
        return store.read(file.path, file.seal)


def check_bytes(store: Store, file: StoredFile) -> None:
    """``DamageError`` when the bytes of a file are not those that came, or are gone."""
    with _there(file):
        store.check_seal(file.path, file.seal)


@contextlib.contextmanager
def _there(file: StoredFile) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        LOGGER.error("a stored file is gone: %s", file.path)
        raise DamageError(f"the stored file {file.path} is gone; restore it from a backup, or send it again") from None


def get(connection: Connection, identity: str, key_id: str, param: str | None = None) -> StoredFile:
    """A key's own file; ``RequestError`` (404) otherwise."""
    query = select(FILES).where(FILES.c.id == identity, FILES.c.key_id == key_id, FILES.c.deleted_at.is_(None))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise RequestError(f"there is no file '{identity[:60]}'", status=404, code="not_found", param=param)
    return StoredFile(**dict(row))


def page(
    connection: Connection, key_id: str, *, after: str | None, limit: int, ascending: bool, purpose: str | None
) -> tuple[list[StoredFile], bool]:
    """Up to ``limit`` of a key's files after the one named ``after``, and whether there are more."""
    query = select(FILES).where(FILES.c.key_id == key_id, FILES.c.deleted_at.is_(None))
    if purpose is not None:
        query = query.where(FILES.c.purpose == purpose)
    if after is not None:
        start = number_of(connection, FILES, after, key_id)
        query = query.where(FILES.c.number > start if ascending else FILES.c.number < start)
    query = query.order_by(FILES.c.number.asc() if ascending else FILES.c.number.desc()).limit(limit + 1)
    found = [StoredFile(**dict(row)) for row in connection.execute(query).mappings()]
    return found[:limit], len(found) > limit


def remove(connection: Connection, file: StoredFile, now: float) -> None:
    """Take a file out of sight; its place in lists is known until housekeeping removes the row."""
    connection.execute(update(FILES).where(FILES.c.id == file.id).values(name="", deleted_at=now))
