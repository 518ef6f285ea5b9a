from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from ozora.server.settings import Settings
from ozora.server.supervisor import WEB, WORKER, commands_of, supervise

CHILD = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *rest: sys.exit(0))
Path(sys.argv[1], str(os.getpid())).touch()
if len(list(Path(sys.argv[1]).iterdir())) == 1:
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(60)
"""


def test_a_dead_process_is_started_again_and_all_end_together(settings: Settings, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    stop = threading.Event()
    command = [sys.executable, "-c", CHILD, str(seen)]
    thread = threading.Thread(target=supervise, args=(settings, [command], stop))
    thread.start()
    until = time.monotonic() + 20
    while len(list(seen.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(list(seen.iterdir())) == 2


def test_one_web_process_and_so_many_workers(settings: Settings) -> None:
    assert commands_of(settings) == [WEB, WORKER]
