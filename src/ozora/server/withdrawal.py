"""A file that was published and then handed to nobody is taken out of the ledger again, and the log says so."""

from __future__ import annotations

from pathlib import Path

from ozora.trust import audit
from ozora.trust.ledger import Ledger
from ozora.trust.manifest import hash_files


def withdraw(video: Path, home: Path) -> bool:
    """Forget that ``video`` was published; ``False`` when it was not. ``TrustError`` when the ledger cannot be used."""
    if not video.is_file():
        return False
    with Ledger(home) as ledger:
        entry = ledger.find_file(hash_files([video]))
        if entry is None:
            return False
        ledger.remove(entry.payload)
    audit.append(home, "withdrawn", {"watermark": f"{entry.payload:08x}", "file_sha256": entry.file_sha256})
    return True
