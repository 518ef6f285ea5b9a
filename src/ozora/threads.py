"""How threads wait for each other: a little while awake, then asleep.

PyTorch's threads (GNU OpenMP) meet after every operation. By default one that is early turns on the spot for some
milliseconds: good where it has a core of its own, but beside other work it takes the core from the very thread it
waits for. How many turns are too many was measured (EXPERIMENTS.md).
"""

from __future__ import annotations

import os

TURNS = 3_000
"""Turns before a waiting thread sleeps; GNU OpenMP's default is 300,000."""

OWN_WAY = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""Whoever has set one of these has chosen already."""


def limit_spinning() -> None:
    """Let waiting threads sleep soon, in this process and its children. It must come before torch is loaded, and does
    nothing where the environment says how to wait."""
    if not any(name in os.environ for name in OWN_WAY):
        os.environ["GOMP_SPINCOUNT"] = str(TURNS)
