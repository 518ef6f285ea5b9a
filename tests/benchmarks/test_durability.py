from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ozora.server import jobs, queue
from ozora.server.database import Database
from tests.server.conftest import database, settings, template
from tests.server.samples import draft

__all__ = ["database", "settings", "template"]

ROOT = Path(__file__).parents[2]
DURABILITY = runpy.run_path(str(ROOT / "benchmarks" / "durability.py"))  # a script, of no package
is_painting = DURABILITY["is_painting"]


def test_who_paints_is_known_by_its_process(database: Database) -> None:
    with database.writing() as connection:
        jobs.add(connection, draft(), time.time())
    assert not is_painting(database, 12)
    with database.writing() as connection:
        job = queue.claim(connection, "host-12-abc", now=time.time(), lease_s=5, max_failures=2)
    assert job is not None
    assert is_painting(database, 12) and not is_painting(database, 1)
    with database.writing() as connection:
        assert queue.fail(connection, job, code="x", message="y", now=time.time())
    assert not is_painting(database, 12)


@pytest.mark.long
def test_more_kills_than_there_is_work_come_to_an_end(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/durability.py", "--kills", "8"]
    variables = {**os.environ, "OZORA_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 8 |" in done.stdout
