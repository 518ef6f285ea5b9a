from __future__ import annotations

import json
from typing import Any

import pytest

from ozora.errors import RequestError
from ozora.server import batches, jobs
from ozora.server.batches import Line, batch_of, read_lines, results
from ozora.server.database import Database
from tests.server.samples import draft


def line(**changes: Any) -> dict[str, Any]:
    return {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": {"prompt": "x"}, **changes}


def test_lines_are_requests() -> None:
    data = (json.dumps(line()) + "\n\n" + json.dumps(line(custom_id="b"))).encode()
    assert read_lines(data) == [Line(custom_id=name, body={"prompt": "x"}) for name in ("a", "b")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\n" * 30_000,
        *(json.dumps(line(**change)).encode() for change in ({"body": 1}, {"method": "GET"}, {"custom_id": 7})),
    ],
)
def test_what_is_no_request_is_named(data: bytes) -> None:
    with pytest.raises(RequestError):
        read_lines(data)


def test_the_first_to_finish_decides(database: Database) -> None:
    with database.writing() as connection:
        identity = batches.new_id()
        batch = batches.add(
            connection, "local", identity, input_file_id="file_1", metadata={}, errors=[], total=1, now=1.0
        )
        assert batch_of(batch, [])["status"] == "in_progress"
        done = batches.finish(connection, batch, output_file_id="file_2", now=2.0)
        assert batches.finish(connection, batch, output_file_id="file_3", now=3.0) == done
        assert (batch_of(done, [])["status"], done.output_file_id) == ("completed", "file_2")
        job = jobs.add(connection, draft(), 1.0)
    assert json.loads(results([job]))["response"]["body"]["id"] == job.id
