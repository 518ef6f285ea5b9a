from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ozora.errors import OutOfMemoryError
from ozora.server.memory import FLOOR_BYTES, check_memory, free_bytes, own_bytes

MB = 1_000_000
LIMITED = """
import resource
from ozora.server.memory import free_bytes
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
print(free_bytes())
"""


def machine(tmp_path: Path, *, free_kib: int, limit: str = "max", used: int = 0, cache: int = 0) -> Path:
    """The files of a machine, and of a group of processes in it."""
    group = tmp_path / "sys/fs/cgroup/box"
    group.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {free_kib} kB\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/box\n")
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {cache}\n")
    return tmp_path


def test_the_machines_own_memory_is_known() -> None:
    left = free_bytes()
    assert left is not None and left > 1_000_000
    assert 10_000_000 < own_bytes() < 1 << 40


def test_without_a_group_the_machine_says(tmp_path: Path) -> None:
    assert free_bytes(machine(tmp_path, free_kib=1000)) == 1_024_000


def test_a_group_that_has_less_says(tmp_path: Path) -> None:
    root = machine(tmp_path, free_kib=10**9, limit=str(500 * MB), used=450 * MB, cache=30 * MB)
    assert free_bytes(root) == 80 * MB
    with pytest.raises(OutOfMemoryError, match="80 MB"):
        check_memory(root)


def test_enough_is_enough(tmp_path: Path) -> None:
    check_memory(machine(tmp_path, free_kib=FLOOR_BYTES // 1024 + 1))


def test_a_machine_that_does_not_say_is_not_refused(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) is None and own_bytes(tmp_path) == 0
    check_memory(tmp_path)


def test_the_limit_of_the_process_counts() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 2 << 30
