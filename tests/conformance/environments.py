"""Programs of others, each in an environment of its own under ``build/``, made the first time it is needed."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENVIRONMENTS = Path(__file__).parents[2] / "build" / "conformance"
INSTALL_S = 300.0
"""So long all installations of one run may take together; a registry that is slow must not hold up everything."""


def environment(requirement: str) -> Path:
    """The folder of programs of an environment with a Python package; skips the test where it cannot be had."""
    folder = ENVIRONMENTS / re.sub(r"[^\w.]+", "-", requirement).strip("-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left
        assert run([sys.executable, "-m", "venv", "--without-pip", str(folder)]).returncode == 0
        options = ["-q", "--disable-pip-version-check", "--retries", "1", "--timeout", "15", "--no-compile"]
        install([sys.executable, "-m", "pip", "--python", str(python), "install", *options, requirement])
        (folder / "ready").touch()
    return folder / "bin"


def install(command: list[str], folder: Path | None = None) -> None:
    """Run a program that fetches from a registry; skips the test, and says why, when it fails or takes too long."""
    left_s = _deadline() - time.monotonic()
    if left_s <= 0:
        pytest.skip(f"no time is left for: {command[-1]} ({INSTALL_S:g} seconds for all)")
    try:
        done = run(command, folder, timeout_s=left_s)
    except subprocess.TimeoutExpired:
        pytest.skip(f"the registry is too slow for {command[-1]}")
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        pytest.skip(f"{command[-1]} cannot be had from its registry: {said[-1][:200] if said else done.returncode}")


@functools.cache
def _deadline() -> float:
    return time.monotonic() + INSTALL_S


def run(
    command: list[str], folder: Path | None = None, *, timeout_s: float = 300, key: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it finds ``key`` where the SDKs look for theirs."""
    variables = {**os.environ, "OPENAI_API_KEY": key}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=timeout_s, env=variables
    )
