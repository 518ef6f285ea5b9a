"""Lineage: which models painted a file and all that it was made of, as far as this installation published it."""

from __future__ import annotations

from pathlib import Path

from ozora.plan import Record
from ozora.trust.file_hash import hash_files
from ozora.trust.ledger import Ledger
from ozora.trust.settings import find_home


def painted_by(path: Path, *, home: Path | None = None) -> frozenset[str]:
    """The names of the models; empty when the file, or a clip or picture in it, was not published here (or is none)."""
    if not path.is_file():
        return frozenset()
    home = home or find_home()
    models: set[str] = set()
    waiting, seen = [hash_files([path])], set[str]()
    with Ledger(home) as ledger:
        while waiting:
            sha256 = waiting.pop()
            if sha256 in seen:
                continue
            seen.add(sha256)
            entry = ledger.find_file(sha256)
            if entry is None:
                return frozenset()
            record = Record.from_dict(entry.record)
            models.add(record.plan.model)
            waiting += record.parents
    return frozenset(models)
