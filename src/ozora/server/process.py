"""A process of the server: told to stop by a signal, or by the end of the one that started it."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


def on_stop(event: threading.Event) -> None:
    """Set ``event`` on SIGTERM and SIGINT."""

    def stop(signum: int, frame: FrameType | None) -> None:
        event.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def end_with_parent() -> None:
    """Send SIGTERM to this process when its standard input ends, which the one that started it holds open."""

    def wait() -> None:
        while os.read(0, 1):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
