"""Saved steps of a painting in the store, each with a hash at its end: what another worker goes on from is whole."""

from __future__ import annotations

import hashlib

from ozora.server.logs import LOGGER
from ozora.server.store import Store

_ENDING = b"ozora sha256 "  # then 64 hex digits


def snapshot_path(job_id: str) -> str:
    """Where the last saved step of a job is in the store."""
    return f"videos/{job_id}/snapshot"


def save_snapshot(store: Store, job_id: str, data: bytes) -> None:
    """Keep a step in place of the one before it."""
    store.write(snapshot_path(job_id), data + _ENDING + hashlib.sha256(data).hexdigest().encode())


def find_snapshot(store: Store, job_id: str) -> bytes | None:
    """The last saved step; ``None`` when there is none, or when its bytes are not those that were saved.

    One without a hash is of an older version, or cut off; the model that reads it says which.
    """
    whole = store.find(snapshot_path(job_id))
    if whole is None:
        return None
    data, ending, sha256 = whole[: -len(_ENDING) - 64], whole[-len(_ENDING) - 64 : -64], whole[-64:]
    if ending != _ENDING:
        return whole
    if hashlib.sha256(data).hexdigest().encode() == sha256:
        return data
    LOGGER.error("a saved step is damaged, painting starts anew", extra={"job": job_id})
    return None
