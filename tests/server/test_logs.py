from __future__ import annotations

import io
import json

from ozora.server import logs
from ozora.server.logs import LOGGER


def test_a_line_names_its_job() -> None:
    stream = io.StringIO()
    logs.start(stream)
    LOGGER.info("job %s", "claimed", extra={"job": "video_1", "secret": "x"})
    try:
        raise ValueError("no")
    except ValueError:
        LOGGER.exception("it failed")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["job"], first["level"]) == ("job claimed", "video_1", "info")
    assert "secret" not in first
    assert "ValueError: no" in second["error"]
    LOGGER.handlers, LOGGER.propagate = [], True
