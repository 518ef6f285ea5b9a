"""One command, several processes: the web process and the workers, started again when they die, stopped together."""

from __future__ import annotations

import dataclasses
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ozora.server.logs import LOGGER
from ozora.server.losses import count_memory_kills, report_loss
from ozora.server.settings import Settings, environment

WEB = (sys.executable, "-m", "ozora.server.web")
WORKER = (sys.executable, "-m", "ozora.server.worker")
LOOK_S = 0.2
CALM_S = 10.0  # a process that lived so long starts again at once
MAX_WAIT_S = 30.0
STOP_S = 30.0  # a step of painting may take that long


@dataclass(slots=True, kw_only=True)
class _Child:
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    mark: str = ""
    num_memory_kills: int = 0
    started_at: float = 0.0
    wait_s: float = 0.0
    due_at: float = field(default=0.0)


def supervise(settings: Settings, commands: Sequence[Sequence[str]], stop: threading.Event) -> None:
    """Keep a process of each command until ``stop``; then end them gently, and by force after ``STOP_S``."""
    children = [_Child(command=command) for command in commands]
    try:
        while not stop.wait(LOOK_S):
            for child in children:
                _keep(child, settings)
    finally:
        _end(children)


def commands_of(settings: Settings) -> list[tuple[str, ...]]:
    """The processes of one machine."""
    return [WEB, *[WORKER] * settings.workers]


def _keep(child: _Child, settings: Settings) -> None:
    now = time.monotonic()
    if child.process is not None and child.process.poll() is not None:
        calm = now - child.started_at > CALM_S
        child.wait_s = 0.0 if calm else min(MAX_WAIT_S, max(0.5, child.wait_s * 2))
        child.due_at = now + child.wait_s
        LOGGER.warning("%s ended with %s", child.command[-1], child.process.returncode)
        if child.process.returncode == -signal.SIGKILL:
            _mourn(child, settings)
        _close(child.process)
        child.process = None
    if child.process is None and now >= child.due_at:
        child.mark, child.num_memory_kills = secrets.token_hex(6), count_memory_kills()
        variables = environment(dataclasses.replace(settings, mark=child.mark))
        child.process = subprocess.Popen(child.command, stdin=subprocess.PIPE, env=variables)
        child.started_at = now


def _mourn(child: _Child, settings: Settings) -> None:
    """A process that was killed from outside could not give its job back: that is done for it, beside the watch."""
    by_memory = count_memory_kills() > child.num_memory_kills
    if by_memory:
        LOGGER.error("%s was killed since memory ran out; its job waits for more", child.command[-1])
    threading.Thread(target=report_loss, args=(settings, child.mark), kwargs={"by_memory": by_memory}).start()


def _end(children: list[_Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + STOP_S
    for process in running:
        try:
            process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
