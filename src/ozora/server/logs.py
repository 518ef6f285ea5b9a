"""Logs as lines of JSON, with the job and the request that each is about."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, TextIO

from ozora.control_characters import dump_json

LOGGER = logging.getLogger("ozora.server")
FIELDS = ("job", "attempt", "worker", "request", "key", "method", "route", "status", "took_ms", "endpoint")


class JsonLines(logging.Formatter):
    """One object a line: time, level, event, and those of ``FIELDS`` that the record has."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return dump_json(line)


def start(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Send the server's log to ``stream``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    LOGGER.handlers = [handler]
    LOGGER.setLevel(level)
    LOGGER.propagate = False
