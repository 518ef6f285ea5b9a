"""What the way out asks of whoever calls it: to sign a file, and to show how far the work is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

Publish = Callable[[Path, Path, Callable[[Path], object]], Sequence[str]]
"""(parent, path, write) lets ``write`` make ``path`` and signs it as made of ``parent``; returns notes."""
Tell = Callable[[str, int, int], None]
"""(what, done, total) of the frames of a clip."""
