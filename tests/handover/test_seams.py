from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ozora.handover.seams import Publish, Tell
from ozora.trust.derivative import derive_file


def test_what_signs_here_fits() -> None:
    def publish(parent: Path, path: Path, write: Callable[[Path], object]) -> Sequence[str]:
        return derive_file(parent, path, "c2pa.edited", write=write).notes

    def tell(what: str, done: int, total: int) -> None:
        assert done <= total, what

    signing: Publish = publish
    showing: Tell = tell
    assert signing is publish
    showing("a.mp4", 1, 2)
