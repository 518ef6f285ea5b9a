from __future__ import annotations

import json

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from ozora.errors import RequestError
from ozora.server.answers import answer_of, answer_video
from ozora.server.database import Database
from ozora.server.jobs import add
from ozora.server.logs import LOGGER
from tests.server.samples import draft

ASKED = Request({"type": "http", "method": "PUT", "path": "/v1/none", "query_string": b"", "headers": []})


def test_a_video_comes_with_when_to_ask_again(database: Database) -> None:
    with database.writing() as connection:
        answer = answer_video(add(connection, draft("a ball, größer"), 1.0))
    assert json.loads(bytes(answer.body))["prompt"] == "a ball, größer"
    assert answer.headers["openai-poll-after-ms"] == "1000"


def test_every_error_has_one_shape() -> None:
    errors = [RequestError("no", status=404), HTTPException(404), HTTPException(405), ZeroDivisionError("secret")]
    answers = [answer_of(ASKED, error) for error in errors]
    assert [answer.status_code for answer in answers] == [404, 404, 405, 500]
    said = [json.loads(bytes(answer.body))["error"] for answer in answers]
    assert all(set(error) == {"message", "type", "param", "code"} for error in said)
    assert said[1]["message"] == "there is no route PUT /v1/none"
    assert [error["code"] for error in said[1:3]] == ["not_found", "method_not_allowed"]
    assert "secret" not in said[3]["message"]


def test_a_client_that_goes_away_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.propagate = True
    assert answer_of(ASKED, ClientDisconnect()).status_code == 499
    assert not caplog.records
