"""What this installation has published: one row a file, found again by watermark, by hash or by how it looks.

SQLite in WAL mode, so that several processes can write while others read.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ozora.trust.fingerprint import SIZE_BYTES, distances
from ozora.trust.home import HomeDatabase

FILE = "ledger.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS published (
    payload INTEGER PRIMARY KEY,
    published_at TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    record TEXT NOT NULL,
    claim TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS by_file ON published (file_sha256);
"""
_COLUMNS = "payload, published_at, file_sha256, fingerprint, record, claim"
_ADD_CLAIM = "ALTER TABLE published ADD COLUMN claim TEXT NOT NULL DEFAULT '{}'"  # of a ledger from before


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A published file. ``payload`` is the number in its watermark, ``published_at`` a time in UTC (ISO 8601).

    ``claim`` is what was said of its pictures when it was signed, empty for files from before that was kept.
    """

    payload: int
    published_at: str
    file_sha256: str
    fingerprint: bytes
    record: dict[str, Any]
    claim: dict[str, Any] = field(default_factory=dict)

    @property
    def is_made_by_model(self) -> bool:
        """Whether no camera took any picture in it; of an old file known when nothing was given for it."""
        if self.claim:
            return bool(self.claim.get("is_made_by_model"))
        return not self.record.get("plan", {}).get("conditions")

    def to_dict(self) -> dict[str, Any]:
        return {
            "watermark": f"{self.payload:08x}",
            "published_at": self.published_at,
            "file_sha256": self.file_sha256,
            "record": self.record,
        }


class Ledger(HomeDatabase):
    """The ledger in a home folder; a context that closes it. ``TrustError`` when it cannot be read or written."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / FILE, _SCHEMA)
        with self.guarded():
            names = [row[1] for row in self.connection.execute("PRAGMA table_info (published)")]
            if "claim" not in names:
                self.connection.execute(_ADD_CLAIM)

    def draw_payload(self) -> int:
        """A number of 32 bits that no published file has."""
        while True:
            payload = secrets.randbits(32)
            if self.find_payload(payload) is None:
                return payload

    def add(
        self,
        *,
        payload: int,
        file_sha256: str,
        fingerprint: bytes,
        record: dict[str, Any],
        claim: dict[str, Any] | None = None,
    ) -> Entry:
        """Write down a file that is being published, now."""
        assert len(fingerprint) == SIZE_BYTES
        now = datetime.now(UTC).isoformat(timespec="seconds")
        texts = (json.dumps(item, ensure_ascii=False) for item in (record, claim or {}))
        row = (payload, now, file_sha256, fingerprint, *texts)
        with self.guarded():
            self.connection.execute(f"INSERT INTO published ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)
        return _entry(row)

    def remove(self, payload: int) -> None:
        """Take back a file that could not be published after all."""
        with self.guarded():
            self.connection.execute("DELETE FROM published WHERE payload = ?", (payload,))

    def find_payload(self, payload: int) -> Entry | None:
        """The file with this number in its watermark."""
        return self._find("payload = ?", payload)

    def find_file(self, file_sha256: str) -> Entry | None:
        """The file with this hash."""
        return self._find("file_sha256 = ?", file_sha256)

    def find_similar(self, fingerprint: bytes) -> tuple[Entry, float] | None:
        """The file that looks most like ``fingerprint``, and the distance; reads all rows."""
        with self.guarded():
            rows = self.connection.execute("SELECT payload, fingerprint FROM published").fetchall()
        if not rows:
            return None
        known = np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(len(rows), SIZE_BYTES)
        all_distances = distances(fingerprint, known)
        nearest = int(np.argmin(all_distances))
        entry = self.find_payload(rows[nearest][0])
        return None if entry is None else (entry, float(all_distances[nearest]))

    def list_hashes(self) -> dict[str, str]:
        """Return the hash of every file with that of its record."""
        with self.guarded():
            rows = self.connection.execute("SELECT file_sha256, record FROM published").fetchall()
        return {file_sha256: hash_record(json.loads(record)) for file_sha256, record in rows}

    def count(self) -> int:
        """How many files are published."""
        with self.guarded():
            return int(self.connection.execute("SELECT count(*) FROM published").fetchone()[0])

    def _find(self, condition: str, value: int | str) -> Entry | None:
        with self.guarded():
            row = self.connection.execute(f"SELECT {_COLUMNS} FROM published WHERE {condition}", (value,)).fetchone()
        return None if row is None else _entry(row)


def hash_record(record: dict[str, Any]) -> str:
    """Return the SHA-256 of a record, as the signed manifest and the log hold it."""
    plain = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row of SQLite
    payload, published_at, file_sha256, fingerprint, record, claim = row
    return Entry(
        payload=payload,
        published_at=published_at,
        file_sha256=file_sha256,
        fingerprint=fingerprint,
        record=json.loads(record),
        claim=json.loads(claim),
    )
