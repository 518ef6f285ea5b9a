from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from sqlalchemy import Connection, update

from ozora.errors import RequestError
from ozora.server import batches, files, jobs
from ozora.server.batches import Batch, Line, Refusal, Tally, batch_of, failures, read_lines, results
from ozora.server.database import Database
from ozora.server.jobs import Job
from ozora.server.keys import LOCAL
from ozora.server.problems import Problem
from ozora.server.store import Store
from ozora.server.tables import BATCHES, JOBS
from tests.server.samples import draft


def line(**changes: Any) -> dict[str, Any]:
    return {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": {"prompt": "x"}, **changes}


def test_lines_are_requests() -> None:
    data = (json.dumps(line()) + "\n\n" + json.dumps(line(custom_id="b"))).encode()
    lines, refusals = read_lines(data)
    assert lines == [Line(number=n, custom_id=name, body={"prompt": "x"}) for n, name in ((1, "a"), (3, "b"))]
    assert refusals == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[" * 100_000, b"\n" * 30_000, b"one\ntwo", b"{}\n" * 10_001])
def test_what_is_no_file_of_lines_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        read_lines(data)
    assert refused.value.param == "input_file_id"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ("{", "input_file_id"),
        ("[]", "input_file_id"),
        (json.dumps(line(custom_id="b", body=1)), "body"),
        (json.dumps(line(custom_id="b", method="GET")), "url"),
        (json.dumps(line(custom_id="b", url="/v1/chat")), "url"),
        (json.dumps(line(custom_id=7)), "custom_id"),
        (json.dumps(line(custom_id="")), "custom_id"),
        (json.dumps(line()), "custom_id"),
    ],
)
def test_a_line_that_is_no_request_holds_nobody_up(wrong: str, param: str) -> None:
    data = "\n".join((json.dumps(line()), wrong, json.dumps(line(custom_id="c")))).encode()
    lines, (refusal,) = read_lines(data)
    assert [item.custom_id for item in lines] == ["a", "c"]
    assert (refusal.number, refusal.problem.status, refusal.problem.param) == (2, 400, param)
    assert "line 2" in refusal.problem.message


def refusal(number: int) -> Refusal:
    problem = Problem(status=400, message="too big", code="invalid_value", param="size")
    return Refusal(number=number, custom_id=f"bad {number}", problem=problem)


def start(connection: Connection, total: int, *refusals: Refusal) -> tuple[Batch, list[Job]]:
    identity = batches.new_id()
    batch = batches.add(
        connection,
        LOCAL,
        identity,
        input_file_id="file_1",
        metadata={},
        refusals=refusals,
        total=total + len(refusals),
        now=1.0,
    )
    drafts = (dataclasses.replace(draft(), batch_id=identity, custom_id=str(number)) for number in range(total))
    return batch, [jobs.add(connection, one, 1.0) for one in drafts]


def test_the_first_to_finish_decides(database: Database) -> None:
    with database.writing() as connection:
        batch, _ = start(connection, 1)
        assert batch_of(batch, Tally())["status"] == "in_progress"
        done = batches.finish(connection, batch, output_file_id="file_2", error_file_id=None, ended_at=2.0)
        again = batches.finish(connection, batch, output_file_id="file_3", error_file_id="file_4", ended_at=3.0)
        assert again == done
        assert (batch_of(done, Tally())["status"], done.output_file_id) == ("completed", "file_2")


def test_each_line_is_in_one_of_the_two_files(database: Database) -> None:
    with database.writing() as connection:
        batch, (done, failed, ours) = start(connection, 3, refusal(9), refusal(2))
        for job, values in (
            (done, {"status": "completed"}),
            (failed, {"status": "failed", "error_code": "invalid_value", "error_message": "no"}),
            (ours, {"status": "failed", "error_code": "worker_lost", "error_message": "oh"}),
        ):
            connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(completed_at=2.0, **values))
        found = batches.jobs_of(connection, batch)
        assert batches.tally(connection, [batch]) == {batch.id: Tally(completed=1, failed=4, ended_at=2.0)}
    (result,) = map(json.loads, results(found).splitlines())
    assert (result["custom_id"], result["response"]["body"]["id"]) == ("0", done.id)
    errors = [json.loads(line) for line in failures(batch, found).splitlines()]
    assert [set(item) for item in errors] == [{"id", "custom_id", "response", "error"}] * 4
    assert len({item["id"] for item in errors}) == 4
    told = [
        (item["custom_id"], item["response"]["status_code"], item["response"]["body"]["error"]["code"])
        for item in errors
    ]
    assert told == [
        ("bad 2", 400, "invalid_value"),
        ("bad 9", 400, "invalid_value"),
        ("1", 400, "invalid_value"),
        ("2", 500, "worker_lost"),
    ]
    assert errors[0]["response"]["body"] == refusal(2).problem.to_dict()
    assert errors[2]["response"]["request_id"] == failed.id


def test_a_batch_of_nothing_but_refusals_ends_though_nobody_looks(database: Database, store: Store) -> None:
    with database.writing() as connection:
        batch, _ = start(connection, 0, refusal(1))
        assert batches.ended(connection, 9) == [batch]
        assert batches.tally(connection, [batch])[batch.id] == Tally(failed=1, ended_at=1.0)
    done = batches.settle(database, store, batch)
    assert (done.output_file_id, done.completed_at) == (None, 1.0)
    assert done.error_file_id is not None and store.size(f"files/{done.error_file_id}") > 0
    with database.reading() as connection:
        assert batches.ended(connection, 9) == []


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
    assert (file.id, None) == (done.error_file_id, done.output_file_id)
    folder = store.local_path("files")
    assert folder is not None and [path.name for path in folder.iterdir()] == [file.id]
    assert [json.loads(line)["custom_id"] for line in store.read(file.path).splitlines()] == ["0", "1"]


def test_a_batch_that_failed_as_a_whole_before_stays_failed(database: Database) -> None:
    with database.writing() as connection:
        batch, _ = start(connection, 0)
        connection.execute(update(BATCHES).values(errors=[{"line": 1}], total=1))
        batch = batches.get(connection, batch.id, LOCAL)
        assert batches.ended(connection, 9) == []
        assert batch_of(batch, batches.tally(connection, [batch])[batch.id])["status"] == "failed"
