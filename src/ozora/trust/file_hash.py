"""The hash that a file is known by: SHA-256 of its bytes, or of the hashes of numbered pictures."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path

from ozora.media.output_file import is_sequence, number


def list_files(path: Path) -> list[Path]:
    """Return ``path``, or the pictures of a sequence in their order."""
    if not is_sequence(path):
        return [path]
    return list(itertools.takewhile(Path.is_file, (number(path, index) for index in itertools.count(1))))


def hash_files(files: Sequence[Path]) -> str:
    """Return the SHA-256 of one file, or of the hashes of many, as hexadecimal digits."""
    digests = [_digest(path) for path in files]
    return digests[0].hex() if len(digests) == 1 else hashlib.sha256(b"".join(digests)).hexdigest()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
