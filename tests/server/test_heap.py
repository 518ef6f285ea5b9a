from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import threading
from pathlib import Path
from ozora.server.heap import return_large_blocks
def memory_mb():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) // 1024
assert return_large_blocks() is True
before = memory_mb()
def work():
    held = [bytearray(b"x") * 16_000_000 for _ in range(4)]
    small = [bytes(100) for _ in range(10)]
    del held
    kept.append(small)
kept = []
for _ in range(8):
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(memory_mb() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_threads_freed_is_gone() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 15
