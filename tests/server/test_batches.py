from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from sqlalchemy import Connection

from ozora.errors import RequestError
from ozora.server import batches, files, jobs
from ozora.server.batches import Batch, Line, Tally, batch_of, read_lines, results
from ozora.server.database import Database
from ozora.server.jobs import Job
from ozora.server.keys import LOCAL
from ozora.server.store import Store
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


def start(connection: Connection, total: int) -> tuple[Batch, list[Job]]:
    identity = batches.new_id()
    batch = batches.add(
        connection, LOCAL, identity, input_file_id="file_1", metadata={}, errors=[], total=total, now=1.0
    )
    drafts = (dataclasses.replace(draft(), batch_id=identity, custom_id=str(number)) for number in range(total))
    return batch, [jobs.add(connection, one, 1.0) for one in drafts]


def test_the_first_to_finish_decides(database: Database) -> None:
    with database.writing() as connection:
        batch, _ = start(connection, 1)
        assert batch_of(batch, Tally())["status"] == "in_progress"
        done = batches.finish(connection, batch, output_file_id="file_2", ended_at=2.0)
        assert batches.finish(connection, batch, output_file_id="file_3", ended_at=3.0) == done
        assert (batch_of(done, Tally())["status"], done.output_file_id) == ("completed", "file_2")
        job = jobs.add(connection, draft(), 1.0)
    assert json.loads(results([job]))["response"]["body"]["id"] == job.id


def test_a_batch_ends_with_its_last_job(database: Database, store: Store) -> None:
    with database.writing() as connection:
        batch, (first, second) = start(connection, 2)
        assert batches.tally(connection, [batch]) == {batch.id: Tally()}
        jobs.cancel(connection, first, 5.0)
        assert batches.tally(connection, [batch]) == {batch.id: Tally(failed=1)}
        assert batches.ended(connection, 9) == []
        jobs.cancel(connection, second, 7.0)
        assert batches.tally(connection, [batch]) == {batch.id: Tally(failed=2, ended_at=7.0)}
        assert batches.ended(connection, 9) == [batch]
    done, again = (batches.settle(database, store, batch) for _ in range(2))
    assert done == again and done.completed_at == 7.0
    with database.reading() as connection:
        assert batches.ended(connection, 9) == []
        (file,), _ = files.page(connection, LOCAL, after=None, limit=9, ascending=True, purpose=None)
    assert file.id == done.output_file_id
    folder = store.local_path("files")
    assert folder is not None and [path.name for path in folder.iterdir()] == [file.id]
    assert [json.loads(line)["custom_id"] for line in store.read(file.path).splitlines()] == ["0", "1"]


def test_a_batch_that_failed_at_once_has_no_results(database: Database) -> None:
    with database.writing() as connection:
        errors: list[dict[str, Any]] = [{"line": 1}]
        identity = batches.new_id()
        batches.add(connection, LOCAL, identity, input_file_id="f", metadata={}, errors=errors, total=1, now=1.0)
        assert batches.ended(connection, 9) == []
