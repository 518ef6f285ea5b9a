"""Random choices that are the same on every machine."""

from __future__ import annotations

import numpy as np

Rng = np.random.Generator


def pick(rng: Rng, options: tuple[str, ...] | list[str]) -> str:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]
