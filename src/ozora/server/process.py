"""A process of the server: told to stop by a signal, or by the end of the one that started it."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
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


class Watchdog:
    """Ends this process when it is not fed in time, though no thread of Python can run: some library holds them all up.

    It is a thread of the interpreter's own (``faulthandler``), which writes where each thread is before the end.
    """

    def feed(self, within_s: float) -> None:
        """All is well; the next time must come within so many seconds."""
        faulthandler.dump_traceback_later(within_s, exit=True, file=sys.__stderr__ or 2)

    def rest(self) -> None:
        """Nothing need come any more."""
        faulthandler.cancel_dump_traceback_later()
