"""A real PostgreSQL of the tests' own, on loopback, thrown away after them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def is_installed() -> bool:
    return bool(PROGRAMS)


@contextlib.contextmanager
def stopped(folder: Path) -> Iterator[None]:
    """The database of ``running(folder)`` is away for the length of the block, as after a fall of its machine."""
    user = "postgres" if os.geteuid() == 0 else None
    data = folder / "postgres"
    control = [str(PROGRAMS[-1] / "pg_ctl"), "-D", str(data), "-w"]
    options = (data / "postmaster.opts").read_text().split(maxsplit=1)[1].replace('"', "")
    subprocess.run([*control, "stop", "-m", "immediate"], check=True, capture_output=True, user=user, cwd="/")
    yield
    again = [*control, "start", "-l", "/dev/null", "-o", options]
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL, user=user, cwd="/")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a fresh database; it does not run as root, so that root lends it to the user postgres."""
    user = "postgres" if os.geteuid() == 0 else None
    data = folder / "postgres"
    data.mkdir()
    if user:
        shutil.chown(data, user)
        for parent in (folder, *folder.parents):
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = PROGRAMS[-1]
    made = [str(programs / "initdb"), "-D", str(data), "-U", "ozora", "-A", "trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd="/")
    options = ["-k", str(data), "-h", "127.0.0.1", "-p", str(port), "-c", "fsync=off"]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *options], user=user, cwd="/", stderr=subprocess.DEVNULL
    )
    url = f"postgresql://ozora@127.0.0.1:{port}/postgres"
    try:
        _wait(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # does not wait for clients
        server.wait()
        restarted = data / "postmaster.pid"  # by ``stopped``
        if restarted.exists():
            os.kill(int(restarted.read_text().split()[0]), signal.SIGINT)
            while restarted.exists():
                time.sleep(0.05)


def _wait(url: str) -> None:
    for _ in range(100):
        if subprocess.run([PROGRAMS[-1] / "pg_isready", "-q", "-d", url], check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("PostgreSQL does not start")
