from __future__ import annotations

import pytest

from ozora.errors import CapabilityError, DamageError, PromptError, RequestError, StoreError, UserError, WeightsError
from ozora.server.problems import problem_of


@pytest.mark.parametrize(
    ("error", "status", "code", "kind"),
    [
        (PromptError("x"), 400, "invalid_value", "invalid_request_error"),
        (CapabilityError("x"), 400, "unsupported", "invalid_request_error"),
        (UserError("x"), 400, "invalid_value", "invalid_request_error"),
        (RequestError("x", status=404, code="not_found"), 404, "not_found", "not_found_error"),
        (RequestError("x", status=429, code="queue_full"), 429, "queue_full", "rate_limit_error"),
        (StoreError("x"), 503, "unavailable", "server_error"),
        (DamageError("secret"), 500, "damaged", "server_error"),
        (WeightsError("x"), 500, "server_error", "server_error"),
        (KeyError("secret"), 500, "server_error", "server_error"),
    ],
)
def test_each_error_has_its_place(error: Exception, status: int, code: str, kind: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.to_dict()["error"]["type"]) == (status, code, kind)
    assert "secret" not in problem.message


def test_an_error_names_its_field() -> None:
    assert [problem_of(error).param for error in (PromptError("x"), PromptError("x", param="y"))] == ["prompt", "y"]


def test_only_what_may_pass_is_tried_again() -> None:
    assert problem_of(StoreError("x")).headers()["retry-after-ms"] == "1000"
    assert problem_of(UserError("x")).headers() == {"x-should-retry": "false"}
