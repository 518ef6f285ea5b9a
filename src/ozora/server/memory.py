"""How much memory there is now, by every limit that a process on Linux may have. Other systems do not say."""

from __future__ import annotations

import resource
from pathlib import Path

from ozora.errors import OutOfMemoryError

FLOOR_BYTES = 100_000_000  # with less than that even the next request may fail
ROOT = Path("/")


def free_bytes(root: Path = ROOT) -> int | None:
    """Bytes that this process may still take: the least of what the machine, its group and its own limit leave."""
    known = [left for left in (_of_machine(root), _of_group(root), _of_process(root)) if left is not None]
    return max(0, min(known)) if known else None


def own_bytes(root: Path = ROOT) -> int:
    """Bytes that this process has now."""
    return _pages(root, 1) or 0


def check_memory(root: Path = ROOT) -> None:
    """``OutOfMemoryError`` when so little is left that nothing should be begun."""
    left = free_bytes(root)
    if left is not None and left < FLOOR_BYTES:
        raise OutOfMemoryError(f"only {left / 1e6:,.0f} MB of memory are free: stop other programs, or wait")


def _of_machine(root: Path) -> int | None:
    for line in _read(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_group(root: Path) -> int | None:
    """What a container may still take; its cache can be dropped. docs.kernel.org/admin-guide/cgroup-v2.html"""
    group = root / "sys/fs/cgroup" / _read(root / "proc/self/cgroup").strip().rpartition("::/")[2]
    limit, used = _read(group / "memory.max").strip(), _read(group / "memory.current").strip()
    if not (limit.isdigit() and used.isdigit()):
        return None
    cache = [line.split()[1] for line in _read(group / "memory.stat").splitlines() if line.startswith("inactive_file")]
    return int(limit) - int(used) + sum(int(size) for size in cache)


def _of_process(root: Path) -> int | None:
    limit, used = resource.getrlimit(resource.RLIMIT_AS)[0], _pages(root, 0)
    return None if limit == resource.RLIM_INFINITY or used is None else limit - used


def _pages(root: Path, column: int) -> int | None:
    """Bytes by /proc/self/statm: column 0 is the address space, 1 what is resident."""
    columns = _read(root / "proc/self/statm").split()
    return int(columns[column]) * resource.getpagesize() if columns else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
