"""Programs of others, each in an environment of its own under ``build/``, made the first time it is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENTS = Path(__file__).parents[2] / "build" / "conformance"


def environment(requirement: str) -> Path:
    """The folder of programs of an environment with a Python package; skips the test where it cannot be had."""
    folder = ENVIRONMENTS / re.sub(r"[^\w.]+", "-", requirement).strip("-")
    if not (folder / "ready").exists():
        assert run([sys.executable, "-m", "venv", str(folder)]).returncode == 0
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", requirement]
        if run(command, timeout_s=1200).returncode != 0:
            pytest.skip("the registry of Python packages cannot be reached")
        (folder / "ready").touch()
    return folder / "bin"


def run(command: list[str], folder: Path | None = None, *, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=timeout_s)
