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


HELD_UP = """
import ctypes
from ozora.server.process import Watchdog
watchdog = Watchdog()
watchdog.feed(0.5)
ctypes.PyDLL(None).sleep(60)  # in C, and holds the interpreter
"""
FED = """
import time
from ozora.server.process import Watchdog
watchdog = Watchdog()
for _ in range(4):
    watchdog.feed(1.0)
    time.sleep(0.4)
watchdog.rest()
time.sleep(1.2)
"""


def test_a_process_that_is_held_up_in_c_ends_and_says_where() -> None:
    done = subprocess.run([sys.executable, "-c", HELD_UP], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "Timeout" in done.stderr and 'File "<string>", line 6' in done.stderr


def test_a_process_that_feeds_its_watchdog_goes_on() -> None:
    assert subprocess.run([sys.executable, "-c", FED], timeout=20, check=False).returncode == 0
