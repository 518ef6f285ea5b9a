from __future__ import annotations

import signal
import subprocess
import sys

WAITING = """
import threading
from ozora.server.process import end_with_parent, on_stop
event = threading.Event()
on_stop(event)
end_with_parent()
print("ready", flush=True)
event.wait()
print("stopped", flush=True)
"""


def _start() -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    return child


def test_a_signal_and_the_end_of_the_parent_stop_it() -> None:
    told, left = _start(), _start()
    told.send_signal(signal.SIGTERM)
    assert told.communicate(timeout=20)[0] == "stopped\n"
    assert left.communicate(timeout=20)[0] == "stopped\n"
